// The machine's clock, files and random numbers. Entry point: real_environment(). Nothing else calls the system for
// these.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "engine/base/env.h"
#include "engine/base/posix_error.h"

namespace sr {

namespace {

class RealClock final : public Clock {
 public:
  std::int64_t wall_ms() override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000 + now.tv_nsec / 1'000'000;
  }
  std::int64_t monotonic_us() override {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
  }
};

// SplitMix64 from a seed of the kernel; the atomic step makes it safe from every thread.
class RealRandom final : public Random {
 public:
  RealRandom() {
    std::uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = static_cast<std::uint64_t>(RealClock().monotonic_us());
    state_ = seed;
  }
  std::uint64_t next() override {
    std::uint64_t z = state_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::atomic<std::uint64_t> state_;
};

FileInfo to_info(const struct stat& from) {
  FileInfo info;
  info.inode = from.st_ino;
  info.size = from.st_size;
  info.mtime_us = from.st_mtim.tv_sec * 1'000'000 + from.st_mtim.tv_nsec / 1'000;
  info.is_directory = S_ISDIR(from.st_mode);
  info.is_regular = S_ISREG(from.st_mode);
  return info;
}

class RealFile final : public File {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~RealFile() override { ::close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<std::size_t> pread(char* to, std::size_t size, std::int64_t offset) override {
    while (true) {
      ssize_t got = ::pread(fd_, to, size, offset);
      if (got < 0 && errno == ESPIPE) got = ::read(fd_, to, size);  // a pipe, such as `<(…)` of a shell
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return error("read");
    }
  }

  Status write(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t put = ::write(fd_, data.data(), data.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return error("write");
      data.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  Status pwrite(std::string_view data, std::int64_t offset) override {
    while (!data.empty()) {
      const ssize_t put = ::pwrite(fd_, data.data(), data.size(), offset);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return error("write");
      data.remove_prefix(static_cast<std::size_t>(put));
      offset += put;
    }
    return {};
  }

  Status sync() override { return ::fsync(fd_) == 0 ? Status() : error("sync"); }
  Status datasync() override { return ::fdatasync(fd_) == 0 ? Status() : error("sync"); }
  Status truncate(std::int64_t size) override { return ::ftruncate(fd_, size) == 0 ? Status() : error("truncate"); }

  Status preallocate(std::int64_t size) override {
    const int failed = ::posix_fallocate(fd_, 0, size);  // writes zeros where the file system cannot reserve
    return failed == 0 ? Status() : Status(posix_error("reserve space in", path_, failed));
  }

  Result<FileInfo> info() override {
    struct stat found{};
    if (::fstat(fd_, &found) != 0) return error("inspect");
    return to_info(found);
  }

 private:
  Error error(const char* what) const { return posix_error(what, path_, errno); }

  int fd_;
  std::string path_;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY;
    case OpenMode::create_new:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::truncate:
      return O_RDWR | O_CREAT | O_TRUNC;
    case OpenMode::append:
      return O_RDWR | O_CREAT | O_APPEND;
    case OpenMode::read_write:
      return O_RDWR | O_CREAT;
  }
  return O_RDONLY;
}

const char* verb_of(OpenMode mode) {
  return mode == OpenMode::read ? "open" : "create";
}

class RealFs final : public Fs {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0666);
    if (fd < 0) return posix_error(verb_of(mode), path, errno);
    return std::unique_ptr<File>(std::make_unique<RealFile>(fd, path));
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* open = ::opendir(directory.c_str());
    if (open == nullptr) return posix_error("list", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(open)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int failed = errno;
    ::closedir(open);
    if (failed != 0) return posix_error("list", directory, failed);
    return names;
  }

  Result<FileInfo> stat(const std::string& path) override {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return posix_error("find", path, errno);
    return to_info(found);
  }

  Status make_directories(const std::string& path) override {
    for (std::size_t end = 1; end <= path.size(); ++end) {
      if (end != path.size() && path[end] != '/') continue;
      const std::string part = path.substr(0, end);
      if (::mkdir(part.c_str(), 0777) == 0) continue;
      const int failed = errno;
      struct stat found{};
      if (::stat(part.c_str(), &found) == 0) {  // mkdir's errno may be EROFS for a directory that is there
        if (S_ISDIR(found.st_mode)) continue;
        return posix_error("create directory", part, ENOTDIR);
      }
      return posix_error("create directory", part, failed);
    }
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return posix_error("rename", from + " to " + to, errno);
  }

  Status rename_no_replace(const std::string& from, const std::string& to) override {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    // Some file systems (NFS, old FUSE) do not know the flag; a hard link is as exclusive there.
    if (errno == EINVAL && ::link(from.c_str(), to.c_str()) == 0) return remove(from);
    return posix_error("rename", from + " to " + to, errno);
  }

  Status remove(const std::string& path) override {
    return ::remove(path.c_str()) == 0 ? Status() : Status(posix_error("remove", path, errno));
  }

  Status sync_directory(const std::string& path) override {
    const int fd = ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return posix_error("open directory", path, errno);
    const int failed = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    return failed == 0 ? Status() : Status(posix_error("sync directory", path, failed));
  }

  Result<std::int64_t> free_bytes(const std::string& path) override {
    struct statvfs found{};
    if (::statvfs(path.c_str(), &found) != 0) return posix_error("find the free space of", path, errno);
    return static_cast<std::int64_t>(found.f_bavail) * static_cast<std::int64_t>(found.f_frsize);
  }

  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return posix_error("create", path, errno);
    auto file = std::make_unique<RealFile>(fd, path);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return posix_error("lock", path, errno);
      char owner[32] = {};
      const ssize_t size = ::pread(fd, owner, sizeof owner - 1, 0);
      const std::string_view text(owner, size > 0 ? std::strcspn(owner, "\n") : 0);
      return Error{path + " is locked by " + (text.empty() ? "another process" : "process " + std::string(text)), true,
                   "EWOULDBLOCK"};
    }
    SR_TRY(file->truncate(0));
    SR_TRY(file->pwrite(std::to_string(::getpid()) + "\n", 0));
    return std::unique_ptr<File>(std::move(file));
  }
};

}  // namespace

Environment& real_environment() {
  static RealClock clock;
  static RealFs fs;
  static RealRandom random;
  static Environment environment{&clock, &fs, &random};
  return environment;
}

}  // namespace sr
