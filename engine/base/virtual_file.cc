#include "engine/base/virtual_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/posix_error.h"

namespace sr {

using Kind = FsOperationKind;

int VirtualFs::State::begin(Kind kind, const std::string& path) {
  if (powered_off) return EIO;
  ++operations;
  const FsInjection injection = injector ? injector({operations, kind, path}) : FsInjection::none;
  if (injection == FsInjection::power_cut) powered_off = true;
  if (injection == FsInjection::no_space) return ENOSPC;
  return injection == FsInjection::none ? 0 : EIO;
}

FileInfo to_info(const VirtualInode& inode) {
  FileInfo info;
  info.inode = inode.number;
  info.size = static_cast<std::int64_t>(inode.bytes.size());
  info.mtime_us = inode.mtime_us;
  info.is_directory = inode.directory;
  info.is_regular = !inode.directory;
  return info;
}

VirtualFile::VirtualFile(std::shared_ptr<VirtualFs::State> state, InodePtr inode, std::string path, OpenMode mode)
    : state_(std::move(state)), inode_(std::move(inode)), path_(std::move(path)), mode_(mode), boot_(state_->boots) {}

VirtualFile::~VirtualFile() {
  const std::lock_guard guard(state_->mutex);
  if (holds_lock_ && boot_ == state_->boots) inode_->locked = false;
}

void VirtualFile::take_lock() {
  inode_->locked = true;
  holds_lock_ = true;
}

int VirtualFile::begin(Kind kind) {
  return boot_ == state_->boots ? state_->begin(kind, path_) : EIO;
}

Result<std::size_t> VirtualFile::pread(char* to, std::size_t size, std::int64_t offset) {
  const std::lock_guard guard(state_->mutex);
  if (const int failed = begin(Kind::read)) return posix_error("read", path_, failed);
  if (inode_->directory) return posix_error("read", path_, EISDIR);
  const std::string& bytes = inode_->bytes;
  const auto from = std::min(static_cast<std::size_t>(offset), bytes.size());
  const std::size_t count = std::min(size, bytes.size() - from);
  if (count > 0) std::memcpy(to, bytes.data() + from, count);
  return count;
}

Status VirtualFile::write(std::string_view data) {
  const std::lock_guard guard(state_->mutex);
  const std::int64_t at = mode_ == OpenMode::append ? static_cast<std::int64_t>(inode_->bytes.size()) : position_;
  position_ = at + static_cast<std::int64_t>(data.size());
  return put(data, at);
}

Status VirtualFile::pwrite(std::string_view data, std::int64_t offset) {
  const std::lock_guard guard(state_->mutex);
  return put(data, offset);
}

Status VirtualFile::put(std::string_view data, std::int64_t offset) {
  const bool was_on = boot_ == state_->boots && !state_->powered_off;
  int failed = begin(Kind::write);
  if (failed == 0 && mode_ == OpenMode::read) return posix_error("write", path_, EBADF);
  const auto size = static_cast<std::int64_t>(inode_->bytes.size());
  if (failed == 0 && !state_->has_room(offset + static_cast<std::int64_t>(data.size()) - size)) failed = ENOSPC;
  // A full disk takes the first part; a power cut in mid-write may leave any part of it.
  const bool cut_now = was_on && state_->powered_off;
  if (failed == ENOSPC) data = data.substr(0, data.size() / 2);
  if (failed != EIO || cut_now) state_->disk.write(*inode_, offset, data, state_->now_us());
  return failed == 0 ? Status() : Status(posix_error("write", path_, failed));
}

Status VirtualFile::sync() {
  const std::lock_guard guard(state_->mutex);
  if (const int failed = begin(Kind::sync)) {
    // Linux marks the pages clean all the same: the bytes stay readable and never reach the disk.
    if (boot_ == state_->boots && !state_->powered_off) inode_->unsynced.clear();
    return posix_error("sync", path_, failed);
  }
  state_->disk.sync(*inode_);
  return {};
}

Status VirtualFile::truncate(std::int64_t size) {
  const std::lock_guard guard(state_->mutex);
  if (const int failed = begin(Kind::truncate)) return posix_error("truncate", path_, failed);
  if (mode_ == OpenMode::read) return posix_error("truncate", path_, EBADF);
  state_->disk.resize(*inode_, size, state_->now_us());
  return {};
}

Status VirtualFile::preallocate(std::int64_t size) {
  const std::lock_guard guard(state_->mutex);
  const auto now = static_cast<std::int64_t>(inode_->bytes.size());
  int failed = begin(Kind::preallocate);
  if (failed == 0 && !state_->has_room(size - now)) failed = ENOSPC;
  if (failed != 0) return posix_error("reserve space in", path_, failed);
  if (size > now) state_->disk.resize(*inode_, size, inode_->mtime_us);
  return {};
}

Result<FileInfo> VirtualFile::info() {
  const std::lock_guard guard(state_->mutex);
  if (const int failed = begin(Kind::stat)) return posix_error("inspect", path_, failed);
  return to_info(*inode_);
}

}  // namespace sr
