// Result<T> and Status: how failures of the outside world travel. Mistakes of the job's author are Diagnostics instead.
// Knows nothing of YAML, streams or logging. Tested in tests/unit/base.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "engine/base/check.h"

namespace sr {

// Names what went wrong for a person, and whether trying again may help.
struct Error {
  std::string message;
  bool retriable = false;
  std::string code = {};  // a stable SRnnnn code where one exists
};

// Holds either a value or an Error. Reading the wrong one aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : data_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : data_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return data_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    SR_CHECK(ok());
    return std::get<0>(data_);
  }
  const T& value() const& {
    SR_CHECK(ok());
    return std::get<0>(data_);
  }
  T&& value() && {
    SR_CHECK(ok());
    return std::get<0>(std::move(data_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    SR_CHECK(!ok());
    return std::get<1>(data_);
  }

 private:
  std::variant<T, Error> data_;
};

// Success, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    SR_CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace sr

// Returns the Error of `expression` (a Status or Result) from the enclosing function, if it holds one.
#define SR_TRY(expression)                                 \
  do {                                                     \
    auto&& sr_try_status = (expression);                   \
    if (!sr_try_status.ok()) return sr_try_status.error(); \
  } while (false)
