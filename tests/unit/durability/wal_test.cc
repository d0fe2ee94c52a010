// The input log: order, groups, segments and their recycling; crashes, I/O errors and a full disk at every operation.
#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/base/env_virtual.h"
#include "engine/durability/wal.h"
#include "lying_fs.h"

namespace sr::durability {
namespace {

WalOptions options_of(Environment& env) {
  WalOptions options;
  options.env = &env;
  options.dir = "state/wal";
  options.folder_id = "folder";
  options.segment_bytes = 2048;
  options.max_bytes = 3 * 2048;
  return options;
}

std::string bytes_of(std::uint64_t sequence) {
  return std::to_string(sequence) + std::string(100 + sequence % 7 * 50, '.');
}

std::string text_of(const Status& status) {
  return status.ok() ? std::string("ok") : status.error().code + ": " + status.error().message;
}

// Reads the records and compares each with what was appended under its number.
Status compare(Wal& wal, std::uint64_t from, std::uint64_t to) {
  std::uint64_t next = from;
  SR_TRY(wal.read(from, to, [&](const WalRecord& record) -> Status {
    const bool same = record.sequence == next && record.source == "s" + std::to_string(next % 3) &&
                      record.flags == next % 5 && record.bytes == bytes_of(next);
    ++next;
    return same ? Status() : Status(Error{"record " + std::to_string(record.sequence) + " differs", false, "judged"});
  }));
  return next == to + 1 ? Status() : Status(Error{"records are missing", false, "judged"});
}

// Appends in groups and recycles; `durable` and `appended` tell how far it came.
struct WalLife {
  explicit WalLife(Environment& environment) : env(environment) {}

  Status open() {
    std::vector<std::string> notes;
    auto opened = Wal::open(options_of(env), &notes);
    SR_TRY(opened);
    wal = std::move(*opened);
    return {};
  }

  Status append_group(int records) {
    for (int i = 0; i < records; ++i) {
      const std::uint64_t next = wal->next_sequence();
      appended = wal->append("s" + std::to_string(next % 3), bytes_of(next), static_cast<std::uint8_t>(next % 5));
    }
    groups.push_back(appended);
    Status synced;
    for (int attempt = 0; attempt < 3; ++attempt) {
      synced = wal->sync();
      if (synced.ok() || synced.error().code != "ENOSPC") break;
    }
    SR_TRY(synced);
    durable = appended;
    return {};
  }

  Status run() {
    SR_TRY(open());
    for (int group = 0; group < 12; ++group) {
      SR_TRY(append_group(1 + group % 4));
      if (group % 5 == 4) {
        recycled = durable - 4;
        SR_TRY(wal->recycle(recycled));
      }
      if (group == 7) {
        wal.reset();
        SR_TRY(open());
      }
    }
    wal.reset();
    return {};
  }

  Status reopen() {
    SR_TRY(open());
    const std::uint64_t last = wal->durable_sequence();
    if (last < durable || last > appended) return Error{"acknowledged input is lost", false, "judged"};
    if (last != durable && std::find(groups.begin(), groups.end(), last) == groups.end()) {
      return Error{"a part of a group came back", false, "judged"};
    }
    if (wal->first_sequence() > recycled + 1) return Error{"kept input is lost", false, "judged"};
    SR_TRY(compare(*wal, wal->first_sequence(), last));
    appended = last;
    SR_TRY(append_group(9));
    SR_TRY(append_group(2));
    SR_TRY(compare(*wal, wal->first_sequence(), durable));
    wal.reset();
    return {};
  }

  Environment& env;
  std::unique_ptr<Wal> wal;
  std::uint64_t appended = 0;
  std::uint64_t durable = 0;
  std::uint64_t recycled = 0;
  std::vector<std::uint64_t> groups;
};

std::uint64_t operations_of_a_life() {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(text_of(life.run()) == "ok");
  return world.fs.operations();
}

// Runs a life with something happening at an operation, crashes, and checks what is left.
Status survive(std::uint64_t number, FsInjection what, CrashMode mode, std::uint64_t seed) {
  VirtualEnvironment world(seed);
  WalLife life(world.environment);
  world.fs.inject([=](const FsOperation& operation) { return operation.number == number ? what : FsInjection::none; });
  const Status lived = life.run();
  if (!lived.ok() && lived.error().code != "EIO" && lived.error().code != "ENOSPC") return lived;
  world.fs.inject(nullptr);
  world.fs.crash(mode, world.random);
  return life.reopen();
}

// Lives with a lie, cuts the power before each operation in turn, starts honestly and asks whether anything is missing.
bool is_caught(const Lie& lie) {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    for (std::uint64_t number = 1; number <= all; ++number) {
      VirtualEnvironment world(seed);
      LyingFs fs(world.fs, lie);
      Environment env{&world.clock, &fs, &world.random};
      WalLife life(env);
      world.fs.inject([=](const FsOperation& operation) {
        return operation.number == number ? FsInjection::power_cut : FsInjection::none;
      });
      (void)life.run().ok();
      world.fs.inject(nullptr);
      world.fs.crash(seed == 1 ? CrashMode::lose_unsynced : CrashMode::torn, world.random);
      fs.repent();
      if (!life.reopen().ok()) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("each sync of the input log is missed when it is left out") {
  CHECK(is_caught([](const SyncCall& call) { return call.kind == SyncKind::data; }));
  CHECK(is_caught([](const SyncCall& call) { return call.kind == SyncKind::file && call.path.ends_with(".new"); }));
  CHECK(is_caught([](const SyncCall& call) {
    return call.kind == SyncKind::directory && call.path == "state/wal" &&
           call.renamed_to.starts_with("state/wal/spare");
  }));
  CHECK(is_caught([](const SyncCall& call) {
    return call.kind == SyncKind::directory && call.path == "state/wal" &&
           !call.renamed_to.starts_with("state/wal/spare");
  }));
  CHECK(is_caught([](const SyncCall& call) { return call.kind == SyncKind::directory && call.path == "state"; }));
}

TEST_CASE("the input log gives back what it was given, over several segments") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(text_of(life.run()) == "ok");
  CHECK(text_of(life.reopen()) == "ok");
}

TEST_CASE("the input log is full while no snapshot lets segments go") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.open().ok());
  while (!life.wal->full()) REQUIRE(life.append_group(3).ok());
  CHECK(life.wal->used_bytes() >= 3 * 2048);
  const std::uint64_t first = life.wal->first_sequence();
  REQUIRE(life.wal->recycle(life.durable).ok());
  CHECK_FALSE(life.wal->full());
  CHECK(life.wal->first_sequence() > first);
  CHECK(text_of(life.wal->read(first, first, [](const WalRecord&) { return Status(); })).starts_with("missing"));
  CHECK(text_of(compare(*life.wal, life.wal->first_sequence(), life.durable)) == "ok");
}

TEST_CASE("a record larger than a segment has one of its own") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.open().ok());
  const std::string large(10'000, 'x');
  CHECK(life.wal->append("s", large, 0) == 1);
  CHECK(life.wal->pending_bytes() > 10'000);
  CHECK(life.wal->durable_sequence() == 0);
  REQUIRE(life.wal->sync().ok());
  CHECK(life.wal->pending_bytes() == 0);
  life.wal->append("s", "small", 0);
  REQUIRE(life.wal->sync().ok());
  REQUIRE(life.open().ok());
  std::vector<std::string> got;
  REQUIRE(life.wal
              ->read(1, 2,
                     [&](const WalRecord& record) {
                       got.emplace_back(record.bytes);
                       return Status();
                     })
              .ok());
  CHECK(got == std::vector<std::string>{large, "small"});
}

TEST_CASE("an error of the visitor ends the reading") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.open().ok());
  REQUIRE(life.append_group(5).ok());
  int visits = 0;
  const Status stopped = life.wal->read(1, 5, [&](const WalRecord& record) -> Status {
    ++visits;
    return record.sequence == 2 ? Status(Error{"enough"}) : Status();
  });
  CHECK(text_of(stopped) == ": enough");
  CHECK(visits == 2);
}

TEST_CASE("the input log of another checkpoint folder is refused") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.run().ok());
  WalOptions other = options_of(world.environment);
  other.folder_id = "another";
  std::vector<std::string> notes;
  const auto opened = Wal::open(other, &notes);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().message.find("belongs to another checkpoint folder") != std::string::npos);
}

TEST_CASE("a power cut before any operation of the input log loses nothing acknowledged") {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t number = 1; number <= all; ++number) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const CrashMode mode = seed == 1 ? CrashMode::keep_all : seed == 2 ? CrashMode::lose_unsynced : CrashMode::torn;
      INFO("operation " << number << ", seed " << seed);
      REQUIRE(text_of(survive(number, FsInjection::power_cut, mode, seed)) == "ok");
    }
  }
}

TEST_CASE("an I/O error or a full disk at any operation of the input log loses nothing acknowledged") {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t number = 1; number <= all; ++number) {
    INFO("operation " << number);
    REQUIRE(text_of(survive(number, FsInjection::io_error, CrashMode::lose_unsynced, number)) == "ok");
    REQUIRE(text_of(survive(number, FsInjection::no_space, CrashMode::lose_unsynced, number)) == "ok");
  }
}

}  // namespace sr::durability
