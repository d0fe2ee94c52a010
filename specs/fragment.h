// What a fragment of `include` may hold, how its ids get a prefix and how it joins the job. Entry points:
// check_fragment, prefix_fragment, merge_fragment. Knows nothing of files and variables. Tested in
// tests/unit/specs/include_test.cc.
#pragma once

#include <string>

#include "specs/value.h"

namespace sr::specs {

// Reports sections that a fragment may not have; gives whether all is well.
bool check_fragment(const SpecValue& fragment, Diagnostics& diagnostics);

// Renames every node and dataset `x` to `prefix_x`, also where `input`, `initial`, `was` and the FROM and JOIN of a
// `sql` node's query name it. References to ids that the fragment does not hold stay.
void prefix_fragment(SpecValue& fragment, const std::string& prefix);

// Moves the sections of a fragment into a job. A name that the job has already is reported, unless it is the same
// definition (a fragment included twice, whose functions have no prefix).
void merge_fragment(SpecValue& fragment, const Span& include, SpecValue& job, Diagnostics& diagnostics);

}  // namespace sr::specs
