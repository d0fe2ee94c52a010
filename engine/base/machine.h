// What the process has of the machine: standard streams, processors, memory. Direct calls; used by the command only,
// tests use other seams. Tested in tests/unit/base.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/result.h"

namespace sr {

// Writes all of a text to standard output or error. The error's code is the errno's name, `EPIPE` when nobody reads any
// more.
Status write_stdout(std::string_view text);
Status write_stderr(std::string_view text);
bool stdout_is_terminal();
bool stderr_is_terminal();

// The processors that the process may use: its affinity, bounded by the cgroup's quota; at least 1.
unsigned usable_processors();
// The memory in bytes that the machine or the cgroup has for the process.
std::int64_t usable_memory();

// How long the machine has been suspended since it was started, in microseconds.
std::int64_t suspended_us();

// Gives back the memory that only the start of the process needed: freed heap, and the pages of programs and libraries,
// which are read again from the page cache where they are still wanted. Call once, before a long wait.
void release_startup_memory();

}  // namespace sr
