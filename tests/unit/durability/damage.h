// Damage to the golden folder, and the judgement of what is read of it.
#pragma once

#include <string>
#include <vector>

#include "golden.h"
#include "life.h"

namespace sr::durability {

// A disk with the golden folder on which one file at a time is changed.
class Damaged {
 public:
  // What is read of the intact folder, and of one without its newest snapshot, which tells the same by more batches.
  struct Told {
    std::string intact;
    std::string fallen_back;
  };
  static Told tell() {
    VirtualEnvironment world;
    put_tree(world.fs, "golden", golden_on_disk());
    Told told;
    told.intact = describe(*Store::read(golden_options(world.environment)));
    put_tree(world.fs, "golden", {{"checkpoint/snapshot/2-2/MANIFEST", ""}});
    told.fallen_back = describe(*Store::read(golden_options(world.environment)));
    return told;
  }
  explicit Damaged(Told told = tell()) : told_(std::move(told)) { put_tree(world_.fs, "golden", files_); }

  const Files& files() const { return files_; }
  void put(const std::string& name, const std::string& bytes) { put_tree(world_.fs, "golden", {{name, bytes}}); }
  void restore(const std::string& name) { put(name, files_.at(name)); }

  // Empty if the damage is found or what is read is the same; else what is read.
  std::string judge() {
    const auto found = Store::read(golden_options(world_.environment));
    if (!found.ok())
      return found.error().code == "damaged" || found.error().code == "ENOENT" ? "" : found.error().message;
    const std::string text = describe(*found);
    return text == told_.intact || text == told_.fallen_back ? "" : text;
  }
  std::string error() {
    const auto found = Store::read(golden_options(world_.environment));
    return found.ok() ? "" : found.error().message;
  }
  void remove(const std::string& name) { SR_CHECK(world_.fs.remove("golden/" + name).ok()); }
  VirtualEnvironment& world() { return world_; }

 private:
  const Told told_;
  VirtualEnvironment world_;
  Files files_ = golden_on_disk();
};

inline bool of_checkpoint(const std::string& name) {
  return name.starts_with("checkpoint/");
}

// Reads the whole input log of a damaged folder; empty if the damage is found or harmless.
inline std::string judge_wal(const Files& files) {
  VirtualEnvironment world;
  put_tree(world.fs, "golden", files);
  std::vector<std::string> notes;
  const auto wal = Wal::open(golden_wal_options(world.environment), &notes);
  if (!wal.ok()) return wal.error().code == "damaged" ? "" : wal.error().message;
  int next = 1;
  bool same = true;
  const Status read = wal.value()->read(1, 12, [&](const WalRecord& record) {
    same = same && record.source == "tcp" && record.flags == next % 2 &&
           record.bytes == "line " + std::to_string(next) + std::string(50, '.') + "\n";
    ++next;
    return Status();
  });
  if (!read.ok()) return read.error().code == "damaged" ? "" : read.error().message;
  return same && next == 13 ? "" : "other records are read";
}

}  // namespace sr::durability
