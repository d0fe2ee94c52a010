// RankedCounts: a multiset of integers per group, in order, in which the one of any rank is found and from which values
// can be taken back. Each group is a row of sorted blocks of (value, copies), so that memory follows the different
// values. What exact percentiles keep of large groups. Tested in tests/unit/expr/ranked_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/vec.h"

namespace sr::expr {

// A value and how often it is there; in a run that is merged also how often it leaves, below zero.
struct RankedEntry {
  std::int64_t value;
  std::int64_t copies;
};

class RankedCounts {
 public:
  void resize(std::uint32_t groups) { tree_of_.resize(groups, kNone); }
  bool empty(std::uint32_t group) const { return tree_of_[group] == kNone; }
  // Values with their copies, and different values.
  std::uint64_t rows(std::uint32_t group) const { return empty(group) ? 0 : trees_[tree_of_[group]].rows; }
  std::size_t entries(std::uint32_t group) const { return empty(group) ? 0 : trees_[tree_of_[group]].entries; }

  // Takes in, and takes back, the values of `run`, which ascend and differ. What is taken back must be there.
  void merge(std::uint32_t group, std::span<const RankedEntry> run);
  // The value with `rank` others before it; rank < rows().
  std::int64_t at(std::uint32_t group, std::uint64_t rank) const;
  // Calls f(entry) for the entries of a group, ascending.
  template <class F>
  void for_each(std::uint32_t group, F&& f) const {
    if (empty(group)) return;
    const Tree& tree = trees_[tree_of_[group]];
    for (const Block& block : tree.blocks) {
      for (std::uint32_t i = 0; i < block.size; ++i) f(entries_of(block)[i]);
    }
  }

  void reset(std::uint32_t group);
  void clear();
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint32_t kBlock = 128;  // entries at most

  struct Block {
    std::int64_t first;   // the least value
    std::uint32_t place;  // in pool_, in blocks
    std::uint32_t size;
    std::uint64_t rows;
  };
  struct Tree {
    Vec<Block> blocks;
    std::uint64_t rows = 0;
    std::size_t entries = 0;
  };

  const RankedEntry* entries_of(const Block& block) const { return pool_.data() + std::size_t{block.place} * kBlock; }
  void append_entries(const Block& block);
  void rebuild(Tree& tree, std::span<const RankedEntry> run);
  void merge_block(Tree& tree, std::size_t at, std::span<const RankedEntry> run);
  void combine(std::span<const RankedEntry> run);
  void replace(Tree& tree, std::size_t at, std::size_t replaced);
  void compact();
  Block make_block(std::span<const RankedEntry> entries);

  Vec<std::uint32_t> tree_of_;  // by group
  std::vector<Tree> trees_;
  Vec<std::uint32_t> free_trees_;
  Vec<RankedEntry> pool_;  // kBlock entries a block
  Vec<std::uint32_t> free_blocks_;
  Vec<RankedEntry> old_;     // of the blocks at hand
  Vec<RankedEntry> merged_;  // what becomes of them
};

}  // namespace sr::expr
