// Finds what the rotation of a log has made of a file: where the file that was read is now, and which file follows it.
// A rotated file stands in the same folder under the name itself with a number or a date: `app.log.1`,
// `app.log-20260131`, `app-2026-01-31.log`, or `app.log.old`. Entry points: find_again, next_after. Tested in
// tests/unit/operators/rotated_files_test.cc and followed_file_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operators/support/file_marks.h"

namespace sr::operators {

enum class Rotation : std::uint8_t {
  none,       // another file, which only begins like it
  plain,      // a file that rotation has put aside
  compressed  // the same, and it cannot be read any more
};

// What the name `name` is to the log `base`, both without a folder.
Rotation rotation_of(std::string_view name, std::string_view base);

// A file as one look at the folder has found it. Its name may be another one by the time it is opened: whoever opens it
// compares the inode.
struct FoundFile {
  std::string path;
  std::uint64_t inode = 0;
};

struct NextFile {
  std::optional<FoundFile> file;        // nothing: no file was begun since
  std::vector<std::string> compressed;  // rotated files that stand between and that nobody can read
};

// Names change while a folder is looked at. So it is looked at until two looks in a row agree; after many looks that do
// not, the functions below give an error with the code "EAGAIN", which may be gone at the next call.

// The file that was identified: itself, under whatever name of its folder, or else a copy among its rotated files,
// which may hold more (`copytruncate`). Nothing if it is not there any more.
Result<std::optional<FoundFile>> find_again(Fs& fs, const std::string& path, const FileIdentity& identity);

// The file that was begun after `left`: the oldest rotated file of `path` that is younger, or else `path` itself.
Result<NextFile> next_after(Fs& fs, const std::string& path, const FileInfo& left);

}  // namespace sr::operators
