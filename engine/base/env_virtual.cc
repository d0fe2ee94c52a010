#include "engine/base/env_virtual.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/posix_error.h"
#include "engine/base/virtual_file.h"

namespace sr {

void VirtualClock::advance_us(std::int64_t us) {
  wall_us_ += us;
  monotonic_us_ += us;
}

std::uint64_t SeededRandom::next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

using Kind = FsOperationKind;
using State = VirtualFs::State;

namespace {

// Finds or makes the inode to open; the errno of what forbids it in `failed`.
InodePtr open_inode(State& state, const std::string& path, OpenMode mode, int& failed) {
  InodePtr inode = state.disk.find(path);
  if (inode == nullptr) {
    const VirtualDisk::Place at = state.disk.place(path);
    if (mode == OpenMode::read || at.folder == nullptr) failed = ENOENT;
    if (failed == 0) inode = state.disk.make(at, false, state.now_us());
    return inode;
  }
  if (mode == OpenMode::create_new) failed = EEXIST;
  if (inode->directory && mode != OpenMode::read) failed = EISDIR;
  if (failed == 0 && mode == OpenMode::truncate) state.disk.resize(*inode, 0, state.now_us());
  return inode;
}

}  // namespace

VirtualFs::VirtualFs(Clock& clock) : state_(std::make_shared<State>(clock)) {}
VirtualFs::~VirtualFs() = default;

void VirtualFs::inject(std::function<FsInjection(const FsOperation&)> injector) {
  const std::lock_guard guard(state_->mutex);
  state_->injector = std::move(injector);
}

bool VirtualFs::powered_off() const {
  const std::lock_guard guard(state_->mutex);
  return state_->powered_off;
}

std::uint64_t VirtualFs::operations() const {
  const std::lock_guard guard(state_->mutex);
  return state_->operations;
}

void VirtualFs::crash(CrashMode mode, Random& random) {
  const std::lock_guard guard(state_->mutex);
  state_->disk.crash(mode, random);
  ++state_->boots;
  state_->powered_off = false;
}

void VirtualFs::set_capacity(std::int64_t bytes) {
  const std::lock_guard guard(state_->mutex);
  state_->capacity = bytes;
}

Result<std::unique_ptr<File>> VirtualFs::open(const std::string& path, OpenMode mode) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::open, path);
  InodePtr inode = failed == 0 ? open_inode(*state_, path, mode, failed) : nullptr;
  if (failed != 0) return posix_error(mode == OpenMode::read ? "open" : "create", path, failed);
  return std::unique_ptr<File>(std::make_unique<VirtualFile>(state_, std::move(inode), path, mode));
}

Result<std::vector<std::string>> VirtualFs::list(const std::string& directory) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::list, directory);
  const InodePtr inode = state_->disk.find(directory);
  if (failed == 0 && inode == nullptr) failed = ENOENT;
  if (failed == 0 && !inode->directory) failed = ENOTDIR;
  if (failed != 0) return posix_error("list", directory, failed);
  std::vector<std::string> names;
  for (const auto& [name, child] : inode->names) names.push_back(name);
  return names;
}

Result<FileInfo> VirtualFs::stat(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::stat, path);
  const InodePtr inode = state_->disk.find(path);
  if (failed == 0 && inode == nullptr) failed = ENOENT;
  if (failed != 0) return posix_error("find", path, failed);
  return to_info(*inode);
}

Status VirtualFs::make_directories(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  for (std::size_t end = 1; end <= path.size(); ++end) {
    if (end != path.size() && path[end] != '/') continue;
    const std::string part = path.substr(0, end);
    const InodePtr found = state_->disk.find(part);
    if (found != nullptr && found->directory) continue;
    int failed = state_->begin(Kind::make_directory, part);
    if (failed == 0 && found != nullptr) failed = ENOTDIR;
    if (failed != 0) return posix_error("create directory", part, failed);
    state_->disk.make(state_->disk.place(part), true, state_->now_us());
  }
  return {};
}

namespace {

Status rename_in(State& state, const std::string& from, const std::string& to, bool replace) {
  const std::lock_guard guard(state.mutex);
  int failed = state.begin(Kind::rename, from);
  const VirtualDisk::Place source = state.disk.place(from);
  const VirtualDisk::Place target = state.disk.place(to);
  const InodePtr moved = state.disk.find(from);
  const InodePtr taken = state.disk.find(to);
  if (failed == 0 && (moved == nullptr || target.folder == nullptr)) failed = ENOENT;
  if (failed == 0 && taken != nullptr) {
    if (!replace) {
      failed = EEXIST;
    } else if (taken->directory != moved->directory) {
      failed = taken->directory ? EISDIR : ENOTDIR;
    } else if (taken != moved && !taken->names.empty()) {
      failed = ENOTEMPTY;
    }
  }
  if (failed != 0) return posix_error("rename", from + " to " + to, failed);
  state.disk.move(source, target);
  return {};
}

}  // namespace

Status VirtualFs::rename(const std::string& from, const std::string& to) {
  return rename_in(*state_, from, to, true);
}

Status VirtualFs::rename_no_replace(const std::string& from, const std::string& to) {
  return rename_in(*state_, from, to, false);
}

Status VirtualFs::remove(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::remove, path);
  const InodePtr inode = state_->disk.find(path);
  const VirtualDisk::Place at = state_->disk.place(path);
  if (failed == 0 && (inode == nullptr || at.folder == nullptr)) failed = ENOENT;
  if (failed == 0 && !inode->names.empty()) failed = ENOTEMPTY;
  if (failed != 0) return posix_error("remove", path, failed);
  state_->disk.unlink(at);
  return {};
}

Status VirtualFs::sync_directory(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::sync_directory, path);
  const InodePtr inode = state_->disk.find(path);
  if (failed == 0 && inode == nullptr) failed = ENOENT;
  if (failed == 0 && !inode->directory) failed = ENOTDIR;
  if (failed != 0) return posix_error("sync directory", path, failed);
  state_->disk.sync_names(inode);
  return {};
}

Result<std::int64_t> VirtualFs::free_bytes(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::stat, path);
  if (failed == 0 && state_->disk.find(path) == nullptr) failed = ENOENT;
  if (failed != 0) return posix_error("find the free space of", path, failed);
  const std::int64_t capacity = state_->capacity.value_or(std::int64_t{1} << 40);
  return std::max<std::int64_t>(0, capacity - state_->disk.used_bytes());
}

Result<std::unique_ptr<File>> VirtualFs::lock(const std::string& path) {
  const std::lock_guard guard(state_->mutex);
  int failed = state_->begin(Kind::lock, path);
  InodePtr inode = failed == 0 ? open_inode(*state_, path, OpenMode::read_write, failed) : nullptr;
  if (failed != 0) return posix_error("create", path, failed);
  if (inode->locked) return Error{path + " is locked by process 1", true, "EWOULDBLOCK"};
  state_->disk.resize(*inode, 0, state_->now_us());
  state_->disk.write(*inode, 0, "1\n", state_->now_us());
  auto file = std::make_unique<VirtualFile>(state_, std::move(inode), path, OpenMode::read_write);
  file->take_lock();
  return std::unique_ptr<File>(std::move(file));
}

}  // namespace sr
