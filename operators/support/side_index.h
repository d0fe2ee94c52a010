// SideIndex: the rows of a sliding window over one side of a join, by key. Rows are indexed when their batch enters the
// window and leave the index with it, so that a batch costs what comes, goes and matches, however long the window.
// Entry points: follow, matching. Knows nothing of the kinds of joins. Tested in tests/jobs/join_window.yaml and
// tests/properties/run.py.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "operators/support/join_keys.h"
#include "operators/support/side_rows.h"

namespace sr::operators {

class SideIndex {
 public:
  // `keys` over the columns of the side, `types` theirs. They must give the same at every batch: see depends_on_batch.
  SideIndex(std::vector<expr::BoundRef> keys, std::vector<TypeRef> types);

  // Takes in the batches that have entered `side` since the last call, and drops those that have left it.
  void follow(const SideRows& side, const flow::BatchContext& context);

  // The rows to look up: those of the other side, by their key columns.
  struct Wanted {
    std::span<const ColumnRef> keys;
    Selection rows;
    bool first_only = false;  // of each key the oldest row alone
  };
  // Gives the rows of `side` that have one of the wanted keys as one dense table, in the order of the window's rows.
  // None if the whole table is as good: so many rows match, or the key of a row has failed and must fail again.
  std::optional<Chunk> matching(const SideRows& side, const Wanted& wanted);

  std::size_t memory_bytes() const;

 private:
  // A row of the window: the number of its batch, and its place there.
  struct Place {
    std::uint32_t batch = kNoRow;
    std::uint32_t row = kNoRow;
  };
  struct Batch {
    std::vector<ColumnRef> keys;
    Vec<Place> next;  // by row: the next row with the same key
    bool failed = false;
  };

  Batch& batch(std::uint32_t number) { return batches_[number - first_]; }
  void enter(const Chunk& rows, const flow::BatchContext& context);
  void leave();
  void compact();
  // Finds the places of the wanted rows, as (batch from the first one on, row); false if there are too many.
  bool collect(const Wanted& wanted, std::size_t most, Vec<std::uint64_t>& found);

  std::vector<expr::BoundRef> keys_;
  GroupTable table_;
  Vec<Place> oldest_;  // by key
  Vec<Place> newest_;
  Vec<std::uint32_t> asked_;  // by key: the lookup that last asked for it
  std::uint32_t lookup_ = 0;
  std::deque<Batch> batches_;
  std::uint32_t first_ = 0;   // number of the first of batches_; numbers may wrap
  std::uint32_t failed_ = 0;  // batches with a row whose key failed
  std::size_t rows_ = 0;
};

// Whether an expression may give something else for the same row at another batch.
bool depends_on_batch(const expr::BoundExpr& expression);

}  // namespace sr::operators
