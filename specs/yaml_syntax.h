// Explains why a text is not YAML: one finding at the root cause, in words that help, instead of the parser's
// complaint. Entry points: explain_syntax_error, find_tabs, find_directive. Knows nothing of yaml-cpp's types. Tested
// in tests/unit/specs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "specs/yaml_events.h"
#include "specs/yaml_text.h"

namespace sr::specs {

struct ParserComplaint {
  std::string message;  // in yaml-cpp's words
  std::size_t at = 0;   // byte where it gave up
};

// Gives the one finding for a text that the parser refused.
Diagnostic explain_syntax_error(const TextIndex& index, const ParserComplaint& complaint);

// Gives a finding for each line whose indentation holds a tab, outside quoted and block text (`text_ranges`, in file
// order).
std::vector<Diagnostic> find_tabs(const TextIndex& index, const std::vector<YamlEvents::Range>& text_ranges);

// Gives a finding if the file begins with a `%` directive.
std::optional<Diagnostic> find_directive(const TextIndex& index);

}  // namespace sr::specs
