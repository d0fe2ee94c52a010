// Shared modules: parts of the program that are loaded only when a job needs them, so that their libraries burden
// nobody else. Tested in tests/unit/operators through the database sinks.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace sr {

// Loads `file` from the first folder that has it and gives the address of its function `entry`; the module stays loaded
// for the life of the process. Looked for in $STREAMRUN_MODULES, in `modules` beside the executable, in its
// `../lib/streamrun`, and in /usr/lib/streamrun. An error with code "ENOENT" if no folder has it; it lists them.
Result<void*> load_module(const std::string& file, const char* entry);

}  // namespace sr
