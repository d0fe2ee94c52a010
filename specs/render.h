// A tree written back as YAML: what was read, with variables, fragments and overrides filled in. Tested in tests/cli.
#pragma once

#include <string>

#include "specs/value.h"

namespace sr::specs {

// Gives block-style YAML that reads to the same tree.
std::string render_yaml(const SpecValue& root);

}  // namespace sr::specs
