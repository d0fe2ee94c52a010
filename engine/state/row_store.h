// RowStore: rows in order of arrival, copied into memory of their own and freed batch by batch: what windows of rows
// keep. Entry points: append, drop_until, chunks. Knows nothing of windows. Tested in
// tests/unit/state/row_store_test.cc.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/data/builder.h"
#include "engine/data/chunk.h"

namespace sr {

class RowStore {
 public:
  explicit RowStore(SchemaRef schema) : schema_(std::move(schema)) {}

  // Copies the live rows of a chunk; `time` is the batch's, or the latest event time among them.
  void append(const Chunk& rows, std::int64_t time);
  // Frees the chunks whose time is at or before `time`.
  void drop_until(std::int64_t time);
  // Frees the chunks for which `done(time)` holds.
  void drop_if(const std::function<bool(std::int64_t)>& done);

  struct Stored {
    std::int64_t time = 0;
    std::uint64_t order = 0;  // grows with each append
    Chunk rows;               // dense
  };
  const std::deque<Stored>& chunks() const { return chunks_; }
  // Of the next append.
  std::uint64_t next_order() const { return next_order_; }

  std::uint64_t rows() const;
  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  SchemaRef schema_;
  std::deque<Stored> chunks_;
  std::uint64_t next_order_ = 0;
};

}  // namespace sr
