// The ordeals; see ordeals.h.
#include "ordeals.h"

#include <fmt/format.h>

#include <memory>

#include "damage.h"
#include "engine/base/env_virtual.h"
#include "forgeries.h"
#include "wal_life.h"

namespace sr::durability {

namespace {

constexpr std::uint64_t kSecondCut = 90;  // operations within which a further start is cut off
constexpr std::uint64_t kRounds = 4;      // of chances

using Injector = std::function<FsInjection(const FsOperation&)>;

Injector at(std::uint64_t number, FsInjection what) {
  return [=](const FsOperation& one) { return one.number == number ? what : FsInjection::none; };
}

CrashMode mode_of(std::uint64_t round) {
  return round == 1 ? CrashMode::lose_unsynced : CrashMode::torn;
}

std::string text_of(const Status& status) {
  return status.ok() ? std::string() : status.error().code + ": " + status.error().message;
}

// A failure of the disk that was ordered; anything else is wrong.
bool is_ordered(const Status& status) {
  return status.ok() || status.error().code == "EIO" || status.error().code == "ENOSPC";
}

// What happens to a life at an operation, and behind it.
struct Fault {
  FsInjection what = FsInjection::none;
  FsInjection then = FsInjection::none;
  std::uint64_t from = 0;  // `then` happens so many operations behind it …
  std::uint64_t to = 0;    // … up to here
};

Injector injector_of(const Fault& fault, std::uint64_t number) {
  return [=](const FsOperation& one) {
    if (one.number == number) return fault.what;
    const bool behind = one.number >= number + fault.from && one.number <= number + fault.to;
    return behind ? fault.then : FsInjection::none;
  };
}

std::uint64_t operations_of_a_life() {
  VirtualEnvironment world;
  Life life(world.environment);
  SR_CHECK(life.run().ok());
  return world.fs.operations();
}

// A fault at each operation in turn, a power cut, and a start that must find everything. `stubborn`: the caller goes on
// after errors, until the store refuses what makes no sense.
std::string cut_lives(std::uint64_t round, std::uint64_t all, Fault fault, bool stubborn = false) {
  for (std::uint64_t number = 1; number <= all; ++number) {
    VirtualEnvironment world(round * 1000 + number);
    if (fault.then == FsInjection::power_cut) fault.from = fault.to = 1 + world.random.below(16);
    Life life(world.environment, stubborn);
    world.fs.inject(injector_of(fault, number));
    const Status lived = life.run();
    world.fs.inject(nullptr);
    if (!is_ordered(lived) && lived.error().code != "damaged" && lived.error().code != "open") return text_of(lived);
    world.fs.crash(mode_of(round), world.random);
    if (const Status found = life.reopen(); !found.ok()) return text_of(found);
  }
  return "";
}

// A fault, the end of the process, a further start, a power cut some time after, and a start that must find everything.
std::string killed_lives(std::uint64_t round, std::uint64_t all, const Fault& fault) {
  for (std::uint64_t number = 1; number <= all; ++number) {
    VirtualEnvironment world(round * 1000 + number);
    Life life(world.environment);
    world.fs.inject(injector_of(fault, number));
    if (const Status lived = life.run(); !is_ordered(lived)) return text_of(lived);
    world.fs.crash(CrashMode::keep_all, world.random);
    const std::uint64_t second =
        world.random.below(2) == 0 ? 0 : world.fs.operations() + 1 + world.random.below(kSecondCut);
    world.fs.inject(at(second, FsInjection::power_cut));
    if (const Status lived = life.resume(world.random.below(2) == 0); !is_ordered(lived)) return text_of(lived);
    world.fs.inject(nullptr);
    world.fs.crash(mode_of(round), world.random);
    if (const Status found = life.reopen(); !found.ok())
      return fmt::format("round {}, cut before {} and {}: {}", round, number, second, text_of(found));
  }
  return "";
}

// The same of the input log.
std::string wal_lives(std::uint64_t round, const Fault& fault, bool killed) {
  std::uint64_t all = 0;
  {
    VirtualEnvironment world;
    WalLife life(world.environment);
    if (const Status lived = life.run(); !lived.ok()) return text_of(lived);
    all = world.fs.operations();
  }
  for (std::uint64_t number = 1; number <= all; ++number) {
    VirtualEnvironment world(round * 1000 + number);
    WalLife life(world.environment);
    world.fs.inject(injector_of(fault, number));
    if (const Status lived = life.run(); !is_ordered(lived)) return text_of(lived);
    if (killed) {
      world.fs.crash(CrashMode::keep_all, world.random);
      world.fs.inject(at(world.fs.operations() + 1 + world.random.below(40), FsInjection::power_cut));
      if (const Status lived = life.reopen(); !is_ordered(lived)) return text_of(lived);
    }
    world.fs.inject(nullptr);
    world.fs.crash(mode_of(round), world.random);
    if (const Status found = life.reopen(); !found.ok()) return text_of(found);
  }
  return "";
}

std::string flips(const Damaged::Told& told) {
  Damaged folder(told);
  for (const auto& [name, intact] : folder.files()) {
    if (!of_checkpoint(name)) continue;
    std::string bytes = intact;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 3) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      folder.put(name, bytes);
      if (std::string wrong = folder.judge(); !wrong.empty()) return name + ", a bit: " + wrong;
      bytes[bit / 8] = intact[bit / 8];
    }
    folder.restore(name);
  }
  return "";
}

std::string cuts(const Damaged::Told& told) {
  Damaged folder(told);
  for (const auto& [name, intact] : folder.files()) {
    if (!of_checkpoint(name)) continue;
    for (std::size_t size = 0; size < intact.size(); size += 3) {
      folder.put(name, intact.substr(0, size));
      if (std::string wrong = folder.judge(); !wrong.empty()) return name + ", cut: " + wrong;
    }
    folder.remove(name);
    if (std::string wrong = folder.judge(); !wrong.empty()) return name + ", removed: " + wrong;
    folder.restore(name);
  }
  return "";
}

std::string changed_places(const Damaged::Told& told) {
  Damaged folder(told);
  for (const auto& [one, bytes] : folder.files()) {
    for (const auto& [other, other_bytes] : folder.files()) {
      if (!of_checkpoint(one) || one == other) continue;
      folder.put(one, other_bytes);
      if (std::string wrong = folder.judge(); !wrong.empty()) return other + " for " + one + ": " + wrong;
    }
    if (of_checkpoint(one)) folder.restore(one);
  }
  return "";
}

// What a repair has moved aside.
Files read_aside(Fs& fs) {
  return fs.stat("golden/checkpoint/damaged").ok() ? read_tree(fs, "golden/checkpoint/damaged") : Files();
}

// A folder that a repair has brought in order is in order after a power cut.
std::string repairs() {
  const Files intact = golden_on_disk();
  for (const auto& [name, bytes] : intact) {
    if (!of_checkpoint(name)) continue;
    for (std::size_t bit = 3; bit < bytes.size() * 8; bit += 211) {
      Files files = intact;
      files[name][bit / 8] = static_cast<char>(files[name][bit / 8] ^ (1 << bit % 8));
      VirtualEnvironment world;
      put_tree(world.fs, "golden", files);
      make_durable(world.fs, "golden");
      if (const auto report = repair(golden_options(world.environment)); !report.ok()) return report.error().message;
      const Files aside = read_aside(world.fs);
      world.fs.crash(CrashMode::lose_unsynced, world.random);
      if (read_aside(world.fs) != aside) return name + ": what was moved aside is lost";
      const auto found = Store::open(golden_options(world.environment));
      if (!found.ok()) return name + ": " + found.error().message;
      for (const std::string& note : found->recovered.notes) {
        if (note.find("damaged") != std::string::npos) return note;
      }
    }
  }
  return "";
}

}  // namespace

std::vector<Ordeal> ordeals() {
  const std::uint64_t all = operations_of_a_life();
  const auto told = Damaged::tell();
  std::vector<Ordeal> made;
  made.push_back({"a life that nothing happens to", 1, [](std::uint64_t) {
                    VirtualEnvironment world;
                    Life life(world.environment);
                    const Status lived = life.run();
                    return text_of(lived.ok() ? life.reopen() : lived);
                  }});
  const auto forged = forgeries();
  made.push_back({"forgeries", 1, [forged](std::uint64_t) {
                    for (const Forgery& one : forged) {
                      if (!one.is_refused()) return std::string(one.name);
                    }
                    return std::string();
                  }});
  const Fault cut{FsInjection::power_cut};
  const Fault error{FsInjection::io_error};
  const Fault last_error{FsInjection::io_error, FsInjection::power_cut, 1, 1};
  made.push_back({"a power cut", kRounds, [=](std::uint64_t round) { return cut_lives(round, all, cut); }});
  made.push_back(
      {"a power cut of the input log", kRounds, [=](std::uint64_t round) { return wal_lives(round, cut, false); }});
  made.push_back(
      {"a kill, then a power cut", kRounds, [=](std::uint64_t round) { return killed_lives(round, all, cut); }});
  made.push_back({"an error and a kill, then a power cut", kRounds,
                  [=](std::uint64_t round) { return killed_lives(round, all, last_error); }});
  made.push_back({"a kill of the input log, then a power cut", kRounds,
                  [=](std::uint64_t round) { return wal_lives(round, cut, true); }});
  made.push_back({"an error of the input log and a kill, then a power cut", kRounds,
                  [=](std::uint64_t round) { return wal_lives(round, last_error, true); }});
  made.push_back({"changed places", 1, [=](std::uint64_t) { return changed_places(told); }});
  made.push_back({"cut files", 1, [=](std::uint64_t) { return cuts(told); }});
  made.push_back({"flipped bits", 1, [=](std::uint64_t) { return flips(told); }});
  made.push_back({"repairs", 1, [=](std::uint64_t) { return repairs(); }});
  made.push_back({"a full disk", kRounds, [=](std::uint64_t round) {
                    return cut_lives(round, all, {FsInjection::no_space, FsInjection::power_cut, 0, 0});
                  }});
  made.push_back({"an error on a disk that is full", kRounds, [=](std::uint64_t round) {
                    return cut_lives(round, all, {FsInjection::io_error, FsInjection::no_space, 1, 3});
                  }});
  made.push_back({"an error that does not stop the caller", kRounds,
                  [=](std::uint64_t round) { return cut_lives(round, all, error, true); }});
  return made;
}

}  // namespace sr::durability
