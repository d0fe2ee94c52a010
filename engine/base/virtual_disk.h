// The disk behind VirtualFs: a tree of inodes that keeps, beside what programs see, what a power cut would leave of
// bytes and names. Knows nothing of paths' errors, injections or threads: VirtualFs does. Tested in tests/unit/base
// through VirtualFs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/env_virtual.h"

namespace sr {

struct VirtualInode;
using InodePtr = std::shared_ptr<VirtualInode>;
using NameTable = std::map<std::string, InodePtr>;

struct VirtualInode {
  // Bytes written at an offset, or a new size; kept until a sync.
  struct Change {
    std::int64_t offset = 0;  // the new size when `resize`
    std::string data;
    bool resize = false;
  };

  std::uint64_t number = 0;
  bool directory = false;
  bool locked = false;
  std::int64_t mtime_us = 0;
  std::string bytes;             // what programs see
  std::string durable;           // what the last sync left
  std::vector<Change> unsynced;  // from `durable` to `bytes`
  NameTable names;
  NameTable durable_names;
};

class VirtualDisk {
 public:
  VirtualDisk();

  // Finds the inode behind a path; null if there is none.
  InodePtr find(const std::string& path) const;
  // A path's folder (null if there is none) and last name.
  struct Place {
    InodePtr folder;
    std::string name;
  };
  Place place(const std::string& path) const;

  InodePtr make(const Place& at, bool directory, std::int64_t now_us);
  void unlink(const Place& at);
  // Moves a name, replacing what the target names; the move is one change for a power cut.
  void move(const Place& from, const Place& to);

  void write(VirtualInode& inode, std::int64_t offset, std::string_view data, std::int64_t now_us);
  void resize(VirtualInode& inode, std::int64_t size, std::int64_t now_us);
  // Makes a file's bytes durable.
  void sync(VirtualInode& inode);
  // Makes a folder's names durable, with the earlier changes of other folders that they rest on.
  void sync_names(const InodePtr& folder);
  // Leaves of everything unsynced what `mode` says.
  void crash(CrashMode mode, Random& random);

  std::int64_t used_bytes() const;

 private:
  struct NameEdit {
    InodePtr folder;
    std::string name;
    InodePtr target;  // null: the name goes
  };
  using NameChange = std::vector<NameEdit>;

  void apply(NameChange change);

  InodePtr root_;
  std::vector<NameChange> unsynced_names_;
  std::uint64_t next_number_ = 1;
};

}  // namespace sr
