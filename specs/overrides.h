// Applies `--set path=value` to a tree. Entry point: apply_override. Knows nothing of options but that ids of nodes
// exist already. Tested in tests/unit/specs/overrides_test.cc.
#pragma once

#include <string>

#include "specs/yaml_reader.h"

namespace sr::specs {

// Sets what a path of keys (and indices of lists) joined by dots leads to. The value is a list, map or text as in YAML
// if it begins with one of [ { " ', else plain text as it stands. Maps on the way are made, but not nodes:
// `transforms.x.key=…` needs `x`. Findings point into a file named `--set`, which holds the argument.
void apply_override(SpecValue& root, const std::string& argument, SourceMap& sources, Diagnostics& diagnostics);

}  // namespace sr::specs
