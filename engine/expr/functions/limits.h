// The finite limits of functions whose result is larger than what they are given. Beyond one, the row fails.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sr::expr {

// Bytes of one text that repeat, space, lpad or rpad make.
inline constexpr std::size_t kMaxMadeTextBytes = std::size_t{16} << 20;
// Elements of one array that sequence or array_repeat makes, and those of all arrays and maps inside that one together.
inline constexpr std::int64_t kMaxMadeElements = 1'000'000;

inline constexpr const char* kTextTooLong = "the text would be longer than 16 MiB";
inline constexpr const char* kArrayTooLong = "the array would have more than 1000000 elements";
inline constexpr const char* kInsideTooLong =
    "the arrays inside the array would have more than 1000000 elements together";

}  // namespace sr::expr
