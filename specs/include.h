// Merges the fragments that `include:` names into a tree: their nodes, datasets and functions. Entry point:
// merge_includes. Knows which keys of a node hold ids (input, initial, was), and nothing else of nodes. Tested in
// tests/unit/specs/include_test.cc.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "specs/interpolation.h"
#include "specs/yaml_reader.h"

namespace sr::specs {

// What reading a fragment needs, and what all fragments of a job share.
struct IncludeContext {
  SourceMap& sources;
  Diagnostics& diagnostics;
  ReadBudget& budget;
  InterpolationScope& scope;        // of the including file
  std::vector<std::string> chain;   // paths from the job to the including file
  std::set<std::uint32_t>& filled;  // files of fragments, whose values are filled in
  std::size_t files = 0;
  bool lost = false;  // a fragment was not YAML: what it holds is not known
};

// Replaces the `include` of a map by what its fragments hold. With `as: p` an id `x` of the fragment becomes `p_x`, and
// so do the fragment's own references to it; names of functions stay. The fragment's values are filled in here,
// parameters first. Paths are relative to the including file. All errors are reported; a fragment with an error adds
// nothing.
void merge_includes(SpecValue& root, IncludeContext& context);

}  // namespace sr::specs
