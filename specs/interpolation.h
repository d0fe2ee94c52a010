// Fills `${…}` into the values of a tree after parsing, so that a variable can never add structure.
// Entry points: interpolate, Unresolved. Knows nothing of options: what could not be filled in is kept until it is
// known whether the option is secret. Runtime placeholders `${!…}` are left alone. Tested in
// tests/unit/specs/interpolation_test.cc.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "specs/secrets.h"
#include "specs/value.h"

namespace sr::specs {

// Named texts, with an outer scope that is asked for what is not here (a fragment's parameters over the environment).
class Variables {
 public:
  explicit Variables(std::map<std::string, std::string> values = {}, const Variables* outer = nullptr)
      : values_(std::move(values)), outer_(outer) {}

  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }
  // Gives the innermost value, or nullptr.
  const std::string* find(std::string_view name) const;
  // Marks a name as given but not known (its own value could not be filled in): what uses it becomes opaque without a
  // finding.
  void set_opaque(std::string name) { opaque_.push_back(std::move(name)); }
  bool is_opaque(std::string_view name) const;
  // Lists all names, for suggestions.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> opaque_;
  const Variables* outer_;
};

// Findings about values that could not be filled in, kept until every option has been decoded. Such a value is
// `opaque`, so that nothing else complains about it, and its `unresolved` number leads here.
class Unresolved {
 public:
  // `dry_run`: secrets need not be there, and `${file:}` is not read.
  explicit Unresolved(bool dry_run = true) : dry_run_(dry_run) {}

  bool dry_run() const { return dry_run_; }
  // Keeps findings; gives their number, from 1.
  std::uint32_t keep(std::vector<Diagnostic> findings);
  // Drops the findings of a secret option's value in a dry run; does nothing otherwise.
  void forgive_secret(const SpecValue& value);
  // Adds the findings of all values of a tree that were not forgiven, each once; `x-` keys of its top level are left
  // out.
  void report(const SpecValue& root, Diagnostics& diagnostics) const;

 private:
  void report_below(const SpecValue& value, Diagnostics& diagnostics) const;
  void report_value(const SpecValue& value, Diagnostics& diagnostics) const;

  struct Kept {
    std::vector<Diagnostic> findings;
    bool forgiven = false;
  };
  bool dry_run_;
  std::vector<Kept> kept_;
};

struct InterpolationScope {
  const Variables& variables;
  Fs* fs = nullptr;  // for `${file:}`; not used in a dry run
  Unresolved& unresolved;
  Secrets* secrets = nullptr;                       // learns what `${file:}` gave
  std::vector<std::string>* used = nullptr;         // learns the names that were asked for
  const std::set<std::uint32_t>* filled = nullptr;  // files whose values have been filled in: they are left alone
};

// Fills in every value below `value`, but not below the `x-` keys of its top level. Keys stay as they are.
void interpolate(SpecValue& value, InterpolationScope& scope);

}  // namespace sr::specs
