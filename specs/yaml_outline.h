// A rough outline of YAML text that need not be valid: quotes, brackets and block scalars, for explaining what is wrong
// with it. Entry point: outline_yaml. Knows nothing of yaml-cpp. Tested through specs/yaml_syntax.
#pragma once

#include <string>
#include <vector>

#include "specs/yaml_text.h"

namespace sr::specs {

struct YamlOutline {
  struct Quote {
    std::size_t begin = 0, end = 0;
    bool closed = true;
  };
  struct Bracket {
    char open = 0;
    std::size_t at = 0;
  };
  std::vector<Quote> quotes;
  std::vector<Quote> blocks;  // block scalars
  std::vector<Bracket> open;  // brackets still open at the stop
  std::vector<std::string> anchors;
};

// Outlines the text up to byte `stop` (a quote or block scalar that begins before it is followed to its end).
YamlOutline outline_yaml(const TextIndex& index, std::size_t stop);

}  // namespace sr::specs
