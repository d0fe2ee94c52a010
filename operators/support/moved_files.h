// Which known files stand under another path now, because their folder was moved or the path is written otherwise.
// Entry point: moved_files. Tested in tests/unit/operators/directory_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sr::operators {

struct PlacedFile {
  std::string path;
  std::uint64_t inode = 0;
};

struct MovedFile {
  std::string former;
  std::string present;
};

// Those of `known` whose path is not among `found`, and the found file that has the inode and the last part of the name
// and for which `same` holds; it gets the index of the found file. Each counts once.
std::vector<MovedFile> moved_files(const std::vector<PlacedFile>& known, const std::vector<PlacedFile>& found,
                                   const std::function<bool(const std::string& former, std::size_t found)>& same);

}  // namespace sr::operators
