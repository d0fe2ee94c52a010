// GivenNames: names that are compared without regard to case, found by hash. Tested in tests/diagnostics.
#pragma once

#include <string>
#include <unordered_map>

#include "engine/base/text.h"

namespace sr::specs {

// The names given so far, as they were written, by their lower case.
class GivenNames {
 public:
  // Notes a name; gives the earlier spelling of one that is there already.
  const std::string* add(const std::string& name) {
    const auto [at, fresh] = names_.emplace(ascii_lower(name), name);
    return fresh ? nullptr : &at->second;
  }

 private:
  std::unordered_map<std::string, std::string> names_;
};

}  // namespace sr::specs
