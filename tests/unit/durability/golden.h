// The golden folder: files that a fixed script makes on a virtual disk, also kept in tests/unit/durability/golden, so
// that a change of format shows. Folders as maps from path to content, for tests that damage them.
#pragma once

#include <map>
#include <string>

#include "engine/base/env_virtual.h"
#include "engine/durability/store.h"
#include "engine/durability/wal.h"

namespace sr::durability {

using Files = std::map<std::string, std::string>;  // path within the folder → content

StoreOptions golden_options(Environment& env);
WalOptions golden_wal_options(Environment& env);

// Runs the script: a checkpoint folder with two snapshots, a committed and an open batch behind them; an input log of
// some segments.
Status make_golden(Environment& env);
// What the two folders hold, without the lock; of the committed ones, and of those that the script makes.
Files golden_on_disk();
Files golden_made();
void write_golden(const Files& files);

Files read_tree(Fs& fs, const std::string& dir);
void put_tree(Fs& fs, const std::string& dir, const Files& files);
// Syncs all files and names of a folder and those above it.
void make_durable(Fs& fs, const std::string& dir);

}  // namespace sr::durability
