// SR_CHECK: stops the process when an invariant of our own code is broken. Never use it for user input or the outside
// world.
#pragma once

namespace sr {

// Prints the failed condition with its place to stderr and aborts. Callable from any thread.
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* detail = "");

}  // namespace sr

#define SR_CHECK(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? void(0) : ::sr::check_failed(#condition, __FILE__, __LINE__))
