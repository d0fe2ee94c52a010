// Turns an errno into an Error in the words that every file error of the product uses. Tested through Fs in
// tests/unit/base.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace sr {

// Gives `cannot <verb> <path>: <reason>` with the errno's name as code; retriable where waiting can help.
Error posix_error(const char* verb, const std::string& path, int number);

}  // namespace sr
