// --update: writes what came out into the file, in place of the expectations that did not hold. Tested in tests/cli.
#pragma once

#include <string>
#include <vector>

#include "cli/test_run.h"

namespace sr::cli {

// Replaces the lists under `expect` of a file; all else stays as it is. False, with a message, if it cannot be written.
bool update_expectations(const SourceMap& sources, const std::string& path, const std::vector<ActualRows>& updates);

}  // namespace sr::cli
