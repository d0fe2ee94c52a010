// Reads `--env-file`: KEY=VALUE lines, comments, quotes; no variables inside. Entry point: read_env_file.
// Values never reach the SourceMap, since they may be secret. Tested in tests/unit/specs/env_file_test.cc.
#pragma once

#include <map>
#include <string>

#include "engine/base/diagnostic.h"
#include "specs/yaml_reader.h"

namespace sr::specs {

// Adds the variables of a file to `values`; a later line wins over an earlier one. A value is the rest of its line
// without blanks around it and without a comment after ` #`, or literal text in single quotes, or text with the escapes
// \n \t \r \" \\ \$ in double ones. A leading `export ` is allowed. Wrong lines are reported, all in one go.
void read_env_file(SourceMap& sources, SourceText source, std::map<std::string, std::string>& values,
                   Diagnostics& diagnostics);

}  // namespace sr::specs
