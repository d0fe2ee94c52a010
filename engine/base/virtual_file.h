// What VirtualFs and its open files share, and the open file itself. Private to engine/base/env_virtual.cc and
// virtual_file.cc.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/env_virtual.h"
#include "engine/base/virtual_disk.h"

namespace sr {

struct VirtualFs::State {
  explicit State(Clock& c) : clock(c) {}

  std::mutex mutex;
  Clock& clock;
  VirtualDisk disk;
  std::function<FsInjection(const FsOperation&)> injector;
  std::uint64_t operations = 0;
  std::uint64_t boots = 0;  // open files of an earlier boot are dead
  std::optional<std::int64_t> capacity;
  bool powered_off = false;

  std::int64_t now_us() { return clock.wall_ms() * 1000; }

  // Counts an operation and gives the errno to fail with, 0 to go on. Call with the mutex held.
  int begin(FsOperationKind kind, const std::string& path);
  // Tells whether the files may grow by `bytes`.
  bool has_room(std::int64_t bytes) const { return bytes <= 0 || !capacity || disk.used_bytes() + bytes <= *capacity; }
};

class VirtualFile final : public File {
 public:
  VirtualFile(std::shared_ptr<VirtualFs::State> state, InodePtr inode, std::string path, OpenMode mode);
  ~VirtualFile() override;
  VirtualFile(const VirtualFile&) = delete;
  VirtualFile& operator=(const VirtualFile&) = delete;

  // Makes this file the owner of its inode's lock. Call with the mutex held.
  void take_lock();

  Result<std::size_t> pread(char* to, std::size_t size, std::int64_t offset) override;
  Status write(std::string_view data) override;
  Status pwrite(std::string_view data, std::int64_t offset) override;
  Status sync() override;
  Status datasync() override { return sync(); }
  Status truncate(std::int64_t size) override;
  Status preallocate(std::int64_t size) override;
  Result<FileInfo> info() override;

 private:
  int begin(FsOperationKind kind);
  Status put(std::string_view data, std::int64_t offset);

  std::shared_ptr<VirtualFs::State> state_;
  InodePtr inode_;
  std::string path_;
  OpenMode mode_;
  std::uint64_t boot_;  // of the file system when the file was opened
  std::int64_t position_ = 0;
  bool holds_lock_ = false;
};

// Describes an inode as stat would.
FileInfo to_info(const VirtualInode& inode);

}  // namespace sr
