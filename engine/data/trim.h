// trim: what a cast from string leaves out first: white space and control characters of ASCII at both ends, as in
// Spark.
#pragma once

#include <string_view>

namespace sr {

inline std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace sr
