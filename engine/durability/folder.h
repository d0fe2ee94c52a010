// The checkpoint folder as files: its names, its FORMAT, its lock and probe, its reserve. Knows nothing of journals'
// records or of snapshots' content. Described in docs/formats/checkpoint-folder.md. Tested in
// tests/unit/durability/store_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/durability/segment.h"

namespace sr::durability {

struct Folder {
  Environment* env = nullptr;
  std::string dir;
  std::string job;

  std::string path(std::string_view name) const { return dir + "/" + std::string(name); }
  std::string snapshots() const { return path("snapshot"); }
  std::string datasets() const { return path("dataset"); }
  LogFiles journal(const std::string& folder_id) const { return {env->fs, dir, "journal-", "journal", folder_id}; }
};

// Makes a directory with those above it, names durable.
Status make_durable_directory(Fs& fs, const std::string& dir);
// Takes the lock; an error names the folder and the owner's process id.
Result<std::unique_ptr<File>> lock_folder(const Folder& folder);
// Proves that the folder can be written (create, sync, rename, remove) and has `min_free` bytes to spare.
Status probe_folder(const Folder& folder, std::int64_t min_free);

// Gives the folder's id; an error with code "ENOENT" if it has no FORMAT, "damaged" if it is no good one. Refuses a
// newer version ("version") and another job's folder ("foreign").
Result<std::string> read_format(const Folder& folder);
// Writes FORMAT with a new id or, in a repair, with the id that the journals hold.
Status write_format(const Folder& folder, const std::string& folder_id);
std::string new_folder_id(Random& random);

// Moves a file or folder of `dir` into `damaged/` of it, under a name that is free there. Durable when it returns.
Status set_aside(Fs& fs, const std::string& dir, const std::string& name);

// Removes a folder with the files in it; what is not there is fine.
Status remove_folder(Fs& fs, const std::string& dir);

// Space that a full disk gives back so that the open batch can be finished. Thread: one at a time.
class Reserve {
 public:
  Reserve(const Folder& folder, std::int64_t bytes, std::string name = "reserve")
      : folder_(folder), bytes_(bytes), name_(std::move(name)) {}
  // Takes the space, if it is not taken; an error with code "ENOSPC" on a full disk.
  Status take();
  // Gives the space back. False: there is none to give.
  bool release();
  bool taken() const { return taken_; }

 private:
  Folder folder_;
  std::int64_t bytes_;
  std::string name_;
  bool taken_ = false;
};

}  // namespace sr::durability
