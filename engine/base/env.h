// The seams: time, files and randomness behind small interfaces, so that tests run on a virtual world. The event loop's
// seam is engine/loop/event_loop.h. Nothing else may call the clock, the file system or a random source. Tested in
// tests/unit/base.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace sr {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t wall_ms() = 0;       // since 1970, UTC
  virtual std::int64_t monotonic_us() = 0;  // since an arbitrary start; never goes back
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

struct FileInfo {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t mtime_us = 0;
  bool is_directory = false;
  bool is_regular = false;
};

// An open file. Thread: one at a time, but pread may be called from several threads at once. Errors name path and
// reason, and carry the errno's name (`ENOSPC`) as their code.
class File {
 public:
  virtual ~File() = default;
  virtual Result<std::size_t> pread(char* to, std::size_t size, std::int64_t offset) = 0;  // 0 at the end
  virtual Status write(std::string_view data) = 0;                        // all of it, at the file's position
  virtual Status pwrite(std::string_view data, std::int64_t offset) = 0;  // not with OpenMode::append
  virtual Status sync() = 0;                                              // fsync
  virtual Status datasync() = 0;                                          // fdatasync
  virtual Status truncate(std::int64_t size) = 0;
  virtual Status preallocate(std::int64_t size) = 0;  // the file is then at least `size` long; new bytes are zero
  virtual Result<FileInfo> info() = 0;
};

// `truncate`, `append` and `read_write` make a missing file; `create_new` refuses one that is there. All but `read` may
// also read.
enum class OpenMode : std::uint8_t { read, create_new, truncate, append, read_write };

// A file system. Paths are as the user wrote them. Errors name the path and the reason, and carry the errno's name
// (`ENOENT`) as their code. May be called from any thread.
class Fs {
 public:
  virtual ~Fs() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, without . and .., unsorted
  virtual Result<FileInfo> stat(const std::string& path) = 0;
  virtual Status make_directories(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status rename_no_replace(const std::string& from,
                                   const std::string& to) = 0;  // Error::code "EEXIST" if taken
  virtual Status remove(const std::string& path) = 0;           // a file or an empty directory
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Result<std::int64_t> free_bytes(const std::string& path) = 0;
  // Takes an exclusive advisory lock on a file for the life of the returned object and writes our process id into it;
  // an error with code "EWOULDBLOCK" that names the owner's id if somebody holds it.
  virtual Result<std::unique_ptr<File>> lock(const std::string& path) = 0;

  // Reads a whole file, also a pipe; an error with code "EFBIG" if it holds more than `limit` bytes.
  Result<std::string> read_all(const std::string& path, std::int64_t limit);
};

// What a job sees of the world.
struct Environment {
  Clock* clock = nullptr;
  Fs* fs = nullptr;
  Random* random = nullptr;
};

// The machine's own clock, files and random numbers. They live as long as the process.
Environment& real_environment();

}  // namespace sr
