// Reads and writes the small structures of records: little-endian numbers, texts with their length, maps of both. A
// ByteReader remembers that its input ended too early, so that a decoder asks once, at its end. Tested through
// tests/unit/durability/records_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/base/failpoint.h"
#include "engine/state/byte_io.h"

namespace sr::durability {

inline void put_text(std::string& out, std::string_view text) {
  SR_CHECK(text.size() <= UINT32_MAX);
  put_value(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

// A map's size, then each key and value in the order of the keys; `put` writes a value.
template <class Map, class Put>
void put_map(std::string& out, const Map& map, Put put) {
  put_value(out, static_cast<std::uint32_t>(map.size()));
  for (const auto& [key, value] : map) {
    put_text(out, key);
    put(out, value);
  }
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view input) : rest_(input) {}

  template <class T>
  T value() {
    T got{};
    if (!take_value(&rest_, &got)) fail();
    return got;
  }
  std::string_view view(std::size_t size) {
    if (size > rest_.size()) fail();
    const std::string_view got = rest_.substr(0, size);
    rest_.remove_prefix(got.size());
    return got;
  }
  std::string text() { return std::string(view(value<std::uint32_t>())); }
  // A number of elements that follow, each of at least one byte: a larger one is damage and reads as 0.
  std::uint32_t count() {
    const auto got = value<std::uint32_t>();
    if (got <= rest_.size()) return got;
    fail();
    return 0;
  }
  template <class Value, class Take>
  std::map<std::string, Value> map(Take take) {
    std::map<std::string, Value> got;
    for (std::uint32_t left = count(); left > 0 && ok_; --left) {
      std::string key = text();
      got[std::move(key)] = take(*this);
    }
    return got;
  }
  std::map<std::string, std::string> texts() {
    return map<std::string>([](ByteReader& in) { return in.text(); });
  }

  bool ok() const { return ok_; }
  // True if all was there and nothing is left.
  bool done() const { return (ok_ && rest_.empty()) || left_out(Failpoint::record_payload); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace sr::durability
