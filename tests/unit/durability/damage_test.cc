// The golden folder: its bytes stay what they are, and any damage to them is detected or harmless.
#include "damage.h"

#include <catch2/catch.hpp>

namespace sr::durability {

TEST_CASE("the golden folder is written again", "[.write_golden]") {
  write_golden(golden_made());
}

TEST_CASE("the script of the golden folder still makes the same bytes") {
  const Files made = golden_made();
  const Files kept = golden_on_disk();
  for (const auto& [name, bytes] : kept) {
    INFO(name);
    REQUIRE(made.contains(name));
    CHECK((made.at(name) == bytes));
  }
  CHECK(made.size() == kept.size());
}

TEST_CASE("the golden folder is read as it was told") {
  VirtualEnvironment world;
  put_tree(world.fs, "golden", golden_on_disk());
  const auto found = Store::read(golden_options(world.environment));
  REQUIRE(found.ok());
  CHECK(found->epoch == 1);
  CHECK_FALSE(found->clean);
  CHECK(found->spec_text == "version: 1\nname: words\n");
  CHECK(found->specs == std::map<std::string, std::string>{{"fingerprint", "version: 1\nname: words\n"}});
  REQUIRE(found->snapshot);
  CHECK(describe(*found->snapshot) == describe(snapshot_of(2)));
  REQUIRE(found->batches.size() == 2);
  const LoggedBatch& committed = found->batches[0];
  CHECK(committed.plan.tick.id == 3);
  CHECK(committed.plan.positions.at("lines") == "at 30");
  CHECK(committed.plan.ended == std::vector<std::string>{"rows"});
  CHECK(committed.plan.datasets.at("lookup") == "h1");
  REQUIRE(committed.commit);
  CHECK(committed.commit->tokens.at("out") == "token 3");
  CHECK(committed.commit->checksums.at("out") == 3);
  const LoggedBatch& open = found->batches[1];
  CHECK_FALSE(open.commit);
  CHECK(open.outputs.at("random") == "0.25");
  CHECK(open.attempts == 1);
  CHECK(found->sinks.at("out").batch == 3);
  CHECK(found->notes.empty());
}

TEST_CASE("every flipped bit of the golden folder is detected or harmless") {
  Damaged folder;
  for (const auto& [name, intact] : folder.files()) {
    if (!of_checkpoint(name)) continue;
    std::string bytes = intact;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      folder.put(name, bytes);
      INFO(name << ", byte " << bit / 8 << ", bit " << bit % 8);
      REQUIRE(folder.judge() == "");
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    }
    folder.restore(name);
  }
}

TEST_CASE("every cut of a file of the golden folder is detected or harmless") {
  Damaged folder;
  for (const auto& [name, intact] : folder.files()) {
    if (!of_checkpoint(name)) continue;
    for (std::size_t size = 0; size < intact.size(); ++size) {
      folder.put(name, intact.substr(0, size));
      INFO(name << ", cut to " << size);
      REQUIRE(folder.judge() == "");
    }
    folder.remove(name);
    INFO(name << ", removed");
    REQUIRE(folder.judge() == "");
    folder.restore(name);
  }
}

TEST_CASE("blocks that are swapped or written twice are detected or harmless") {
  Damaged folder;
  constexpr std::size_t kBlock = 64;
  for (const auto& [name, intact] : folder.files()) {
    if (!of_checkpoint(name)) continue;
    for (std::size_t from = 0; from + kBlock <= intact.size(); from += kBlock) {
      for (std::size_t to = 0; to + kBlock <= intact.size(); to += kBlock) {
        std::string bytes = intact;
        bytes.replace(to, kBlock, intact, from, kBlock);
        folder.put(name, bytes);
        INFO(name << ", block " << from << " over " << to);
        REQUIRE(folder.judge() == "");
        bytes.replace(from, kBlock, intact, to, kBlock);
        folder.put(name, bytes);
        INFO(name << ", block " << from << " swapped with " << to);
        REQUIRE(folder.judge() == "");
      }
    }
    folder.restore(name);
  }
}

TEST_CASE("files that have changed places are detected or harmless") {
  Damaged folder;
  for (const auto& [one, bytes] : folder.files()) {
    for (const auto& [other, other_bytes] : folder.files()) {
      if (!of_checkpoint(one) || one == other) continue;
      folder.put(one, other_bytes);
      INFO(other << " in the place of " << one);
      REQUIRE(folder.judge() == "");
    }
    if (of_checkpoint(one)) folder.restore(one);
  }
}

TEST_CASE("damage is told with file, place, loss and remedy") {
  Damaged folder;
  std::string bytes = folder.files().at("checkpoint/journal-3");
  bytes[300] = static_cast<char>(bytes[300] ^ 1);
  folder.put("checkpoint/journal-3", bytes);
  CHECK(folder.error() ==
        "golden/checkpoint/journal-3 is damaged at byte 296: a group of records that was synced is gone or does not "
        "match "
        "its checksum; the batches behind batch 3 would be lost. Keep a copy of the folder; `streamrun state repair "
        "JOB`, with the job's file, cuts the journal there");
  folder.remove("checkpoint/journal-3");
  CHECK(
      folder.error().starts_with("golden/checkpoint/journal-3 is damaged at byte 0: the file is missing; the batches "
                                 "behind batch 3 would be lost."));
}

TEST_CASE("a FORMAT that is damaged or another file is told with what to do") {
  Damaged folder;
  std::string bytes = folder.files().at("checkpoint/FORMAT");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder.put("checkpoint/FORMAT", bytes);
  const std::string remedy =
      ", so that it cannot be told whose folder this is. If it is this job's, nothing is lost: `streamrun state repair "
      "JOB`, with the job's file, writes it anew from the journals";
  CHECK(folder.error() == "golden/checkpoint/FORMAT does not match its checksum" + remedy);
  folder.put("checkpoint/FORMAT", "something else");
  CHECK(folder.error() ==
        "golden/checkpoint/FORMAT is another file than it should be: it does not begin with `srfolder`" + remedy);
}

TEST_CASE("a place that cannot be written is told with what to do") {
  const auto refused = [](FsInjection injection) {
    VirtualEnvironment world;
    world.fs.inject(
        [=](const FsOperation& one) { return one.path.ends_with("/probe") ? injection : FsInjection::none; });
    const auto opened = Store::open(golden_options(world.environment));
    REQUIRE_FALSE(opened.ok());
    return opened.error().message;
  };
  CHECK(refused(FsInjection::no_space)
            .ends_with(". Nothing is lost: make room on the disk of golden/checkpoint, then start again"));
  VirtualEnvironment world;
  const auto repaired = repair(golden_options(world.environment));
  REQUIRE_FALSE(repaired.ok());
  CHECK(repaired.error().message == "there is no checkpoint folder golden/checkpoint: there is nothing to repair");
  const auto read = Store::read(golden_options(world.environment));
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().message == "there is no checkpoint folder golden/checkpoint: no run of the job has made it");
}

TEST_CASE("every flipped bit and every cut of the golden input log is detected or harmless") {
  const Files files = golden_on_disk();
  for (const auto& [name, intact] : files) {
    if (of_checkpoint(name)) continue;
    Files damaged = files;
    for (std::size_t bit = 0; bit < intact.size() * 8; ++bit) {
      std::string& bytes = damaged[name];
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      INFO(name << ", byte " << bit / 8 << ", bit " << bit % 8);
      REQUIRE(judge_wal(damaged) == "");
      damaged[name] = intact;
    }
    for (std::size_t size = 0; size < intact.size(); ++size) {
      damaged[name] = intact.substr(0, size);
      INFO(name << ", cut to " << size);
      REQUIRE(judge_wal(damaged) == "");
    }
    damaged.erase(name);
    INFO(name << ", removed");
    // Without its first segment the log begins later; the records are then told to be missing.
    const std::string left = judge_wal(damaged);
    REQUIRE((left.empty() || left.find("holds the records") != std::string::npos));
  }
}

}  // namespace sr::durability
