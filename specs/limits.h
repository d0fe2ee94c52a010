// Every limit of reading a job file, by name. Whoever refuses something for its size names the constant's value in the
// message. Used by specs/yaml_*, specs/interpolation and specs/include. Tested in tests/unit/specs.
#pragma once

#include <cstddef>

namespace sr::specs {

inline constexpr std::size_t kMaxSpecBytes = 1024 * 1024;  // of one file
inline constexpr std::size_t kMaxSpecDepth = 64;           // lists and maps inside each other, after expansion
inline constexpr std::size_t kMaxSpecNodes = 100'000;      // values of a job with its fragments, after expansion
inline constexpr std::size_t kMaxExpandedBytes = 16 * 1024 * 1024;  // text that aliases and variables add
inline constexpr std::size_t kMaxOpenBrackets = 10'000;   // unbalanced [ and {, however quoted: refused before parsing
inline constexpr std::size_t kMaxReadErrors = 200;        // findings of one kind of check in one file
inline constexpr std::size_t kMaxIncludedFiles = 100;     // fragments of a job
inline constexpr std::size_t kMaxIncludeDepth = 16;       // fragments inside fragments
inline constexpr std::size_t kMaxInterpolationDepth = 8;  // ${A:-${B:-…}}

}  // namespace sr::specs
