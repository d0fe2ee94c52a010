// Turns an errno into an Error in the words that every file error of the product uses. Tested through Fs in
// tests/unit/base.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace sr {

// Gives `cannot <verb> <path>: <reason>` with the errno's name as code; retriable where waiting can help. A full disk
// is not: who can wait for room knows it by its code, and a job whose output has no room stops with the path.
Error posix_error(const char* verb, const std::string& path, int number);

}  // namespace sr
