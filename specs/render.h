// A tree written back as YAML: what was read, with variables, fragments and overrides filled in. Tested in tests/cli.
#pragma once

#include <string>

#include "specs/secrets.h"
#include "specs/value.h"

namespace sr::specs {

// Gives block-style YAML that reads to the same tree, but for variables: what looks like one is one.
std::string render_yaml(const SpecValue& root);

// Makes the YAML of a tree one that can be read again: a literal `${` is escaped, and what secrets will blank is
// quoted.
void make_readable(SpecValue& root, const Secrets& secrets);

}  // namespace sr::specs
