// Hides secret values in whatever is shown: diagnostics, plans, logs, the status page.
// Entry points: Secrets::add, Secrets::redact. Knows nothing of options: the decoder of a secret option adds its value.
// Not thread-safe while adding. Tested in tests/unit/specs/secrets_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"

namespace sr::specs {

class Secrets {
 public:
  // Remembers a value; one shorter than four bytes is only hidden where it stands alone, since it could be part of any
  // word.
  void add(std::string_view value);
  bool empty() const { return values_.empty(); }
  // Gives the text with every secret replaced by `***`.
  std::string redact(std::string_view text) const;
  // Gives a source line with every character of a secret replaced by `*`, so that columns stay.
  std::string mask(std::string_view text) const;
  // Gives the length of the longest secret that stands in a text; 0: none does.
  std::size_t longest_in(std::string_view text) const;
  // Redacts message, label, help and suggestion.
  Diagnostic redact(Diagnostic diagnostic) const;

 private:
  // Gives the secret that is hidden at a byte, or nullptr.
  const std::string* hidden(std::string_view text, std::size_t at) const;

  std::vector<std::string> values_;  // longest first
};

}  // namespace sr::specs
