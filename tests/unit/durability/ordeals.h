// Ordeals: what the durable files are put through to see whether anything is missed: crashes, failing disks, damage,
// forgeries, repairs. Each runs the real code on a virtual disk and compares what it gives back with what it was told.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sr::durability {

// Gives what came out wrong; empty: nothing. Another round is made of other chances: torn writes, places of a second
// crash.
struct Ordeal {
  const char* name;
  std::uint64_t rounds;
  std::function<std::string(std::uint64_t round)> run;
};

// Make them while nothing is left out: they remember what an intact folder tells.
std::vector<Ordeal> ordeals();

}  // namespace sr::durability
