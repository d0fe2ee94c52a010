// One look into a folder: the files in it that somebody may want to read. Hidden, temporary and unfinished ones are
// none. Entry point: look_into. Knows nothing of what was seen before. Tested in
// tests/unit/operators/directory_test.cc.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/env.h"

namespace sr::operators {

struct FolderFile {
  std::int64_t mtime_us = 0;
  std::string path;
  std::int64_t size = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FolderFile&) const = default;
};

struct FolderLookOptions {
  std::string path;
  std::string pattern;      // of names
  bool recursive = false;   // folders below, too, to a depth of 64
  std::string passed_over;  // a folder below that is not looked into; empty: none
};

struct FolderLook {
  std::vector<FolderFile> files;                      // by time of the last write, then by path
  std::vector<std::pair<std::string, Error>> unseen;  // paths of what is there and could not be looked at

  // Whether the look could not see if this file is there.
  bool hides(const std::string& path) const;
};

// An error only if the folder itself cannot be listed.
Result<FolderLook> look_into(Fs& fs, const FolderLookOptions& options);

}  // namespace sr::operators
