#include "engine/expr/aggregates/ranked.h"

#include <algorithm>

namespace sr::expr {

namespace {

// Blocks are made three quarters full, so that the next values find room.
constexpr std::size_t kFill = 96;
constexpr std::size_t kManyFree = 256;

}  // namespace

void RankedCounts::append_entries(const Block& block) {
  old_.append(entries_of(block), block.size);
}

// Merges old_ and the run into merged_.
void RankedCounts::combine(std::span<const RankedEntry> run) {
  merged_.clear();
  merged_.reserve(old_.size() + run.size());
  std::size_t i = 0;
  for (const RankedEntry& entry : run) {
    while (i < old_.size() && old_[i].value < entry.value) merged_.push_back(old_[i++]);
    RankedEntry sum = entry;
    if (i < old_.size() && old_[i].value == entry.value) sum.copies += old_[i++].copies;
    SR_CHECK(sum.copies >= 0);
    if (sum.copies > 0) merged_.push_back(sum);
  }
  merged_.append(old_.data() + i, old_.size() - i);
}

RankedCounts::Block RankedCounts::make_block(std::span<const RankedEntry> entries) {
  Block block{entries[0].value, 0, static_cast<std::uint32_t>(entries.size()), 0};
  if (free_blocks_.empty()) {
    block.place = static_cast<std::uint32_t>(pool_.size() / kBlock);
    pool_.resize(pool_.size() + kBlock);
  } else {
    block.place = free_blocks_.back();
    free_blocks_.resize(free_blocks_.size() - 1);
  }
  std::copy(entries.begin(), entries.end(), pool_.data() + std::size_t{block.place} * kBlock);
  for (const RankedEntry& entry : entries) block.rows += static_cast<std::uint64_t>(entry.copies);
  return block;
}

// Puts blocks of merged_ into the place of `replaced` blocks from `at` on.
void RankedCounts::replace(Tree& tree, std::size_t at, std::size_t replaced) {
  for (std::size_t i = at; i < at + replaced; ++i) {
    const Block& block = tree.blocks[i];
    free_blocks_.push_back(block.place);
    tree.rows -= block.rows;
    tree.entries -= block.size;
  }
  const std::size_t pieces =
      merged_.size() <= kBlock ? (merged_.empty() ? 0 : 1) : (merged_.size() + kFill - 1) / kFill;
  const std::size_t behind = tree.blocks.size() - at - replaced;
  if (pieces > replaced) tree.blocks.resize(tree.blocks.size() + pieces - replaced);
  Block* const blocks = tree.blocks.data() + at;
  if (behind > 0) std::memmove(blocks + pieces, blocks + replaced, behind * sizeof(Block));
  if (pieces < replaced) tree.blocks.resize(tree.blocks.size() - (replaced - pieces));
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const std::size_t begin = merged_.size() * piece / pieces, end = merged_.size() * (piece + 1) / pieces;
    blocks[piece] = make_block({merged_.data() + begin, end - begin});
    tree.rows += blocks[piece].rows;
    tree.entries += blocks[piece].size;
  }
}

void RankedCounts::rebuild(Tree& tree, std::span<const RankedEntry> run) {
  old_.clear();
  for (const Block& block : tree.blocks) append_entries(block);
  combine(run);
  const bool large = merged_.size() > kManyFree * kBlock;  // whose copies are not kept
  if (large) old_ = Vec<RankedEntry>();
  replace(tree, 0, tree.blocks.size());
  if (large) merged_ = Vec<RankedEntry>();
}

// Merges a run whose values belong to one block; a block that becomes small takes in the next one.
void RankedCounts::merge_block(Tree& tree, std::size_t at, std::span<const RankedEntry> run) {
  old_.clear();
  append_entries(tree.blocks[at]);
  combine(run);
  std::size_t replaced = 1;
  if (merged_.size() < kBlock / 4 && at + 1 < tree.blocks.size()) {
    const Block& next = tree.blocks[at + 1];
    if (merged_.size() + next.size <= kFill) {
      merged_.append(entries_of(next), next.size);
      replaced = 2;
    }
  }
  replace(tree, at, replaced);
}

void RankedCounts::merge(std::uint32_t group, std::span<const RankedEntry> run) {
  if (run.empty()) return;
  if (empty(group)) {
    if (free_trees_.empty()) {
      free_trees_.push_back(static_cast<std::uint32_t>(trees_.size()));
      trees_.emplace_back();
    }
    tree_of_[group] = free_trees_.back();
    free_trees_.resize(free_trees_.size() - 1);
  }
  Tree& tree = trees_[tree_of_[group]];
  if (run.size() * 4 >= tree.entries) {
    rebuild(tree, run);
  } else {
    for (std::size_t i = 0; i < run.size();) {
      // The last block that begins at the value or before it, else the first one.
      const Block* const begin = tree.blocks.begin();
      const Block* const above = std::upper_bound(begin, static_cast<const Block*>(tree.blocks.end()), run[i].value,
                                                  [](std::int64_t value, const Block& b) { return value < b.first; });
      const std::size_t at = above == begin ? 0 : static_cast<std::size_t>(above - begin) - 1;
      std::size_t end = i + 1;
      const bool last = at + 1 == tree.blocks.size();
      while (end < run.size() && (last || run[end].value < tree.blocks[at + 1].first)) ++end;
      merge_block(tree, at, run.subspan(i, end - i));
      i = end;
    }
  }
  if (tree.rows == 0) reset(group);
  if (free_blocks_.size() > kManyFree && free_blocks_.size() * 2 * kBlock > pool_.size()) compact();
}

// Gives the memory of free blocks back.
void RankedCounts::compact() {
  Vec<RankedEntry> pool;
  pool.reserve(pool_.size() - free_blocks_.size() * kBlock);
  for (Tree& tree : trees_) {
    for (Block& block : tree.blocks) {
      const auto place = static_cast<std::uint32_t>(pool.size() / kBlock);
      pool.append(entries_of(block), kBlock);
      block.place = place;
    }
  }
  pool_ = std::move(pool);
  free_blocks_.clear();
}

std::int64_t RankedCounts::at(std::uint32_t group, std::uint64_t rank) const {
  const Tree& tree = trees_[tree_of_[group]];
  const Block* block = tree.blocks.begin();
  for (; rank >= block->rows; ++block) rank -= block->rows;
  const RankedEntry* entry = entries_of(*block);
  for (; rank >= static_cast<std::uint64_t>(entry->copies); ++entry) rank -= static_cast<std::uint64_t>(entry->copies);
  return entry->value;
}

void RankedCounts::reset(std::uint32_t group) {
  if (empty(group)) return;
  Tree& tree = trees_[tree_of_[group]];
  for (const Block& block : tree.blocks) free_blocks_.push_back(block.place);
  tree = {};
  free_trees_.push_back(tree_of_[group]);
  tree_of_[group] = kNone;
}

void RankedCounts::clear() {
  tree_of_.clear();
  trees_.clear();
  free_trees_.clear();
  pool_.clear();
  free_blocks_.clear();
}

std::size_t RankedCounts::memory_bytes() const {
  std::size_t bytes = pool_.capacity() * sizeof(RankedEntry) + trees_.capacity() * sizeof(Tree);
  bytes += (tree_of_.capacity() + free_blocks_.capacity() + free_trees_.capacity()) * sizeof(std::uint32_t);
  bytes += (old_.capacity() + merged_.capacity()) * sizeof(RankedEntry);
  for (const Tree& tree : trees_) bytes += tree.blocks.capacity() * sizeof(Block);
  return bytes;
}

}  // namespace sr::expr
