#include "engine/base/env.h"

#include <algorithm>

namespace sr {

Result<std::string> Fs::read_all(const std::string& path, std::int64_t limit) {
  auto file = open(path, OpenMode::read);
  SR_TRY(file);
  std::string text;
  const auto most = static_cast<std::size_t>(limit) + 1;  // one more byte tells "too large" from "just fits"
  // Large files are read in one piece, into memory that need not grow.
  if (const auto info = (*file)->info(); info.ok() && info->size > 0)
    text.reserve(std::min(most, static_cast<std::size_t>(info->size) + 1));
  while (text.size() < most) {
    const std::size_t before = text.size();
    const std::size_t room = text.capacity() - before;
    const std::size_t piece = std::min(most - before, room > 0 ? room : std::max<std::size_t>(before, 64 * 1024));
    text.resize(before + piece);
    auto got = (*file)->pread(text.data() + before, piece, static_cast<std::int64_t>(before));
    SR_TRY(got);
    text.resize(before + *got);
    if (*got == 0) return text;
  }
  return Error{path + " is larger than " + std::to_string(limit) + " bytes", false, "EFBIG"};
}

}  // namespace sr
