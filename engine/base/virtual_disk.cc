#include "engine/base/virtual_disk.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sr {

namespace {

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    std::string part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return parts;
}

InodePtr descend(InodePtr at, const std::vector<std::string>& parts, std::size_t depth) {
  for (std::size_t i = 0; at != nullptr && i < depth; ++i) {
    const auto found = at->names.find(parts[i]);
    at = found == at->names.end() ? nullptr : found->second;
  }
  return at;
}

void replay(std::string& bytes, const VirtualInode::Change& change, std::size_t kept) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.resize) {
    bytes.resize(offset, '\0');
    return;
  }
  if (bytes.size() < offset + change.data.size()) bytes.resize(offset + change.data.size(), '\0');
  std::copy_n(change.data.begin(), kept, bytes.begin() + change.offset);
}

// Lets a random part of each unsynced change reach the disk.
void tear(VirtualInode& inode, Random& random) {
  for (const VirtualInode::Change& change : inode.unsynced) {
    const std::uint64_t luck = random.next() % 4;
    if (luck == 0) continue;
    const std::size_t kept = luck == 1 ? random.next() % (change.data.size() + 1) : change.data.size();
    replay(inode.durable, change, kept);
  }
}

void unlock(VirtualInode& inode) {
  inode.locked = false;
  for (auto& [name, child] : inode.names) unlock(*child);
}

void settle(VirtualInode& inode, CrashMode mode, Random& random) {
  if (mode == CrashMode::torn) tear(inode, random);
  inode.bytes = inode.durable;
  inode.unsynced.clear();
  inode.locked = false;
  inode.names = inode.durable_names;
  for (auto& [name, child] : inode.names) settle(*child, mode, random);
}

void collect(const VirtualInode& inode, std::set<const VirtualInode*>& all) {
  all.insert(&inode);
  for (const auto& [name, child] : inode.names) collect(*child, all);
}

}  // namespace

VirtualDisk::VirtualDisk() : root_(std::make_shared<VirtualInode>()) {
  root_->directory = true;
  root_->number = next_number_++;
}

InodePtr VirtualDisk::find(const std::string& path) const {
  const auto parts = split_path(path);
  return descend(root_, parts, parts.size());
}

VirtualDisk::Place VirtualDisk::place(const std::string& path) const {
  const auto parts = split_path(path);
  if (parts.empty()) return {nullptr, ""};
  InodePtr folder = descend(root_, parts, parts.size() - 1);
  if (folder != nullptr && !folder->directory) folder = nullptr;
  return {std::move(folder), parts.back()};
}

InodePtr VirtualDisk::make(const Place& at, bool directory, std::int64_t now_us) {
  auto inode = std::make_shared<VirtualInode>();
  inode->number = next_number_++;
  inode->directory = directory;
  inode->mtime_us = now_us;
  apply({{at.folder, at.name, inode}});
  return inode;
}

void VirtualDisk::unlink(const Place& at) {
  apply({{at.folder, at.name, nullptr}});
}

void VirtualDisk::move(const Place& from, const Place& to) {
  const InodePtr inode = from.folder->names.at(from.name);
  if (from.folder == to.folder && from.name == to.name) return;
  apply({{from.folder, from.name, nullptr}, {to.folder, to.name, inode}});
}

void VirtualDisk::apply(NameChange change) {
  for (const NameEdit& edit : change) {
    if (edit.target == nullptr) {
      edit.folder->names.erase(edit.name);
    } else {
      edit.folder->names[edit.name] = edit.target;
    }
  }
  unsynced_names_.push_back(std::move(change));
}

void VirtualDisk::write(VirtualInode& inode, std::int64_t offset, std::string_view data, std::int64_t now_us) {
  VirtualInode::Change change{offset, std::string(data), false};
  replay(inode.bytes, change, data.size());
  inode.unsynced.push_back(std::move(change));
  inode.mtime_us = now_us;
}

void VirtualDisk::resize(VirtualInode& inode, std::int64_t size, std::int64_t now_us) {
  VirtualInode::Change change{size, "", true};
  replay(inode.bytes, change, 0);
  inode.unsynced.push_back(std::move(change));
  inode.mtime_us = now_us;
}

void VirtualDisk::sync(VirtualInode& inode) {
  for (const auto& change : inode.unsynced) replay(inode.durable, change, change.data.size());
  inode.unsynced.clear();
}

void VirtualDisk::sync_names(const InodePtr& folder) {
  std::set<std::pair<VirtualInode*, std::string>> needed;
  std::vector<bool> durable(unsynced_names_.size(), false);
  for (std::size_t i = unsynced_names_.size(); i-- > 0;) {
    const NameChange& change = unsynced_names_[i];
    durable[i] = std::any_of(change.begin(), change.end(), [&](const NameEdit& edit) {
      return edit.folder == folder || needed.contains({edit.folder.get(), edit.name});
    });
    if (!durable[i]) continue;
    for (const NameEdit& edit : change) needed.insert({edit.folder.get(), edit.name});
  }
  std::vector<NameChange> rest;
  for (std::size_t i = 0; i < unsynced_names_.size(); ++i) {
    if (!durable[i]) {
      rest.push_back(std::move(unsynced_names_[i]));
      continue;
    }
    for (NameEdit& edit : unsynced_names_[i]) {
      edit.folder->durable_names.erase(edit.name);
      if (edit.target != nullptr) edit.folder->durable_names[edit.name] = edit.target;
    }
  }
  unsynced_names_ = std::move(rest);
}

void VirtualDisk::crash(CrashMode mode, Random& random) {
  if (mode == CrashMode::keep_all) return unlock(*root_);  // the kernel lives on, and so does what it has not written
  std::size_t kept = 0;
  if (mode == CrashMode::torn) kept = random.next() % (unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) {
    for (const NameEdit& edit : unsynced_names_[i]) {
      edit.folder->durable_names.erase(edit.name);
      if (edit.target != nullptr) edit.folder->durable_names[edit.name] = edit.target;
    }
  }
  unsynced_names_.clear();
  settle(*root_, mode, random);
}

std::int64_t VirtualDisk::used_bytes() const {
  std::set<const VirtualInode*> all;
  collect(*root_, all);
  std::int64_t used = 0;
  for (const VirtualInode* inode : all) used += static_cast<std::int64_t>(inode->bytes.size());
  return used;
}

}  // namespace sr
