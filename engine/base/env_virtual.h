// A virtual world for tests: a clock that stands still until it is told, a seeded random source and a file system in
// memory that knows what a power cut would leave of it. Knows nothing of event loops. Tested in tests/unit/base.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/env.h"

namespace sr {

// A clock that moves only when told. Safe to read from any thread.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(std::int64_t wall_ms = 0) : wall_us_(wall_ms * 1000) {}
  std::int64_t wall_ms() override { return wall_us_ / 1000; }
  std::int64_t monotonic_us() override { return monotonic_us_; }

  // Lets time pass on both clocks.
  void advance_us(std::int64_t us);
  void advance_ms(std::int64_t ms) { advance_us(ms * 1000); }
  // Sets the wall clock alone, as an administrator would; it may go back.
  void set_wall_ms(std::int64_t ms) { wall_us_ = ms * 1000; }

 private:
  std::atomic<std::int64_t> wall_us_;
  std::atomic<std::int64_t> monotonic_us_ = 0;
};

// SplitMix64: the same seed gives the same numbers. One thread at a time.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;
  // Gives a number in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

// What a crash leaves of bytes and names that were not synced.
enum class CrashMode : std::uint8_t {
  keep_all,       // what a kill -9 leaves: nothing is lost yet, and what was not synced is still not durable
  lose_unsynced,  // nothing that was not synced survives
  torn,           // any part of each write survives, and a random prefix of the names' changes
};

enum class FsOperationKind : std::uint8_t {
  open,
  read,
  write,
  sync,
  truncate,
  preallocate,
  list,
  stat,
  make_directory,
  rename,
  remove,
  sync_directory,
  lock
};

// One call into the virtual file system, counted from 1.
struct FsOperation {
  std::uint64_t number = 0;
  FsOperationKind kind = FsOperationKind::open;
  std::string path;
};

enum class FsInjection : std::uint8_t { none, io_error, no_space, power_cut };

// A file system in memory. Relative paths start at its root. A file's bytes become durable by File::sync or datasync, a
// name by sync_directory on its folder; a sync that fails forgets the bytes it was to save, as Linux does. Safe from
// any thread.
class VirtualFs final : public Fs {
 public:
  // `clock` gives modification times and must outlive the file system.
  explicit VirtualFs(Clock& clock);
  ~VirtualFs() override;

  // Asks `injector` before each operation what is to happen instead. After a power cut every operation fails until
  // crash().
  void inject(std::function<FsInjection(const FsOperation&)> injector);
  bool powered_off() const;
  std::uint64_t operations() const;
  // Cuts the power, or kills the process, and starts again: unsynced bytes and names are treated as `mode` says, open
  // files are dead, locks are free.
  void crash(CrashMode mode, Random& random);
  // Bounds the bytes of all files; beyond, writes fail with ENOSPC.
  void set_capacity(std::int64_t bytes);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;  // in the order of the names' bytes
  Result<FileInfo> stat(const std::string& path) override;
  Status make_directories(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status rename_no_replace(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::int64_t> free_bytes(const std::string& path) override;
  Result<std::unique_ptr<File>> lock(const std::string& path) override;

  struct State;  // defined in env_virtual.cc

 private:
  std::shared_ptr<State> state_;  // shared with open files, which may outlive the file system
};

// A whole virtual world in one object.
class VirtualEnvironment {
 public:
  explicit VirtualEnvironment(std::uint64_t seed = 1, std::int64_t wall_ms = 0)
      : clock(wall_ms), fs(clock), random(seed) {
    environment = Environment{&clock, &fs, &random};
  }
  VirtualEnvironment(const VirtualEnvironment&) = delete;
  VirtualEnvironment& operator=(const VirtualEnvironment&) = delete;

  VirtualClock clock;
  VirtualFs fs;
  SeededRandom random;
  Environment environment;
};

}  // namespace sr
