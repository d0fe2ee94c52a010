// What a source remembers of the files that it reads: which file it was, and which stretch of it was taken. Positions
// of file sources are lists of such stretches, as text. Entry points: identify, check_identity, encode_spans. Knows
// nothing of folders or cursors. Tested in tests/unit/operators/file_sources_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"

namespace sr::operators {

// A file as it was: its first `size` bytes are known by hashes of their first and last 4 KiB.
struct FileIdentity {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Takes the identity of the first `size` bytes of an open file.
Result<FileIdentity> identify(File& file, std::int64_t size);
// An error with code "changed" that says what differs, unless the file still begins with what was identified. It may
// have grown if it is the same file; a copy must be of the same size.
Status check_identity(File& file, const std::string& path, const FileIdentity& saved);

// Whether the file's first bytes are those that were identified; it may be another one and hold more.
Result<bool> begins_as(File& file, const FileIdentity& saved);

// How far a file was read.
struct FileMark {
  std::int64_t offset = 0;
  bool read = false;    // its records were read by the source, not handed out as ranges
  bool inside = false;  // `offset` lies in a record that was too long: its rest is skipped
};

enum class Known : std::uint8_t {
  opened,      // it was read from, and its hashes are known
  seen,        // its name and size only
  passed_over  // seen, and not to be read
};

// A stretch of a file, or with from.offset = 0 all that is known of it.
struct FileSpan {
  std::string path;
  FileIdentity identity;
  FileMark from;
  FileMark to;
  std::int64_t mtime_us = 0;  // in a list of files that were seen
  Known known = Known::opened;
};

// Why a source cannot go on with a file that is not what it was, what that would lose and what to do; code "changed".
Error cannot_go_on(const FileSpan& span, const Error& why);

// One line for each; a path may hold any bytes.
std::string encode_spans(const std::vector<FileSpan>& spans);
Result<std::vector<FileSpan>> decode_spans(std::string_view text);

// The stretches that the open batch has taken so far: its position.
class TakenSpans {
 public:
  // Forgets what an earlier batch took.
  void begin(std::int64_t batch);
  // Adds a stretch; one that goes on where the last one of the same file ended makes it longer.
  void add(FileSpan span);
  std::string position() const { return encode_spans(spans_); }

 private:
  std::int64_t batch_ = -1;
  std::vector<FileSpan> spans_;
};

}  // namespace sr::operators
