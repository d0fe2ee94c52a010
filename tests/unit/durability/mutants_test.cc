// Mutants: each leaves out one sync of the protocol, and the crash tests must notice.
#include <catch2/catch.hpp>

#include "engine/base/env_virtual.h"
#include "life.h"
#include "lying_fs.h"

namespace sr::durability {
namespace {

const std::string kFolder = kDir;

// Lives with a lie, cuts the power before each operation in turn, starts honestly and asks whether anything is missing.
bool is_caught(const Lie& lie) {
  std::uint64_t all = 0;
  {
    VirtualEnvironment world;
    LyingFs fs(world.fs, lie);
    Environment env{&world.clock, &fs, &world.random};
    Life life(env);
    REQUIRE(life.run().ok());
    REQUIRE(fs.lies() > 0);
    all = world.fs.operations();
  }
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    for (std::uint64_t number = 1; number <= all; ++number) {
      VirtualEnvironment world(seed);
      LyingFs fs(world.fs, lie);
      Environment env{&world.clock, &fs, &world.random};
      Life life(env);
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

bool is_in(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/");
}

struct Mutant {
  const char* name;
  Lie lie;
};

}  // namespace

TEST_CASE("each sync of the checkpoint folder is missed when it is left out") {
  const auto file_in = [](const std::string& prefix, const std::string& suffix) -> Lie {
    return [=](const SyncCall& call) {
      return call.kind == SyncKind::file && call.path.starts_with(prefix) && call.path.ends_with(suffix);
    };
  };
  const auto names_of = [](const std::string& folder) -> Lie {
    return [=](const SyncCall& call) { return call.kind == SyncKind::directory && call.path == folder; };
  };
  const auto names_after = [](const std::string& prefix) -> Lie {
    return [=](const SyncCall& call) {
      return call.kind == SyncKind::directory && is_in(call.renamed_to, kFolder) && call.renamed_to.starts_with(prefix);
    };
  };
  const Mutant mutants[] = {
      {"groups of the journal", [](const SyncCall& call) { return call.kind == SyncKind::data; }},
      {"the journal's new size",
       [](const SyncCall& call) {
         return call.kind == SyncKind::file && call.path.starts_with(kFolder + "/journal-") &&
                !call.path.ends_with(".new");
       }},
      {"a new journal", file_in(kFolder + "/journal-", ".new")},
      {"a new journal's name", names_after(kFolder + "/journal-")},
      {"FORMAT", file_in(kFolder + "/FORMAT", "")},
      // The start syncs the folder again behind it, so that one alone would not be missed.
      {"FORMAT's name",
       [](const SyncCall& call) {
         return call.kind == SyncKind::directory && call.path == kFolder &&
                (call.renamed_to.empty() || call.renamed_to == kFolder + "/FORMAT");
       }},
      {"a snapshot's states",
       [](const SyncCall& call) {
         return call.kind == SyncKind::file && is_in(call.path, kFolder + "/snapshot") &&
                !call.path.ends_with("MANIFEST");
       }},
      {"a snapshot's manifest", file_in(kFolder + "/snapshot/", "MANIFEST")},
      {"the names in a snapshot",
       [](const SyncCall& call) {
         return call.kind == SyncKind::directory && is_in(call.path, kFolder + "/snapshot");
       }},
      {"a snapshot's name", names_after(kFolder + "/snapshot/")},
      {"a dataset", file_in(kFolder + "/dataset/", "")},
      {"a dataset's name", names_of(kFolder + "/dataset")},
      {"the folder's name", names_of("state")},
      {"the name of the folder above", names_of("")},
  };
  for (const Mutant& mutant : mutants) {
    INFO(mutant.name);
    CHECK(is_caught(mutant.lie));
  }
}

}  // namespace sr::durability
