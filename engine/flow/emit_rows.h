// What operators that work on a whole batch share: one dense table of its rows, and handing chosen rows on in chunks.
// Tested through tests/jobs/sort.yaml and tests/jobs/join.yaml.
#pragma once

#include <span>
#include <vector>

#include "engine/flow/operator.h"

namespace sr::flow {

// A breaker that keeps the chunks as they come and looks at them in end_batch.
class WholeBatch : public Breaker {
 public:
  std::unique_ptr<Partial> partial(std::uint32_t) const override { return std::make_unique<ChunksPartial>(); }
  bool partials_join() const override { return true; }
  Status accumulate(Partial& partial, const Chunk& chunk, const BatchContext&, Emitter&) const override {
    static_cast<ChunksPartial&>(partial).chunks.push_back(chunk);
    return {};
  }
};

// Puts the live rows of all ChunksPartials of `input` behind one another, in order: dense, without a selection, maybe
// longer than kChunkRows. With no rows it has a column of no rows per field.
Chunk gather_input(const SchemaRef& schema, std::span<PlacedPartial> partials, std::uint32_t input);
Chunk concat_chunks(const SchemaRef& schema, std::span<const Chunk> chunks);

// Emits the listed rows of a table, in that order, in chunks of at most kChunkRows.
void emit_rows(const Chunk& table, std::span<const std::uint32_t> rows, Emitter& out, PortIndex port = kMainPort);
// Emits all rows of a dense table in chunks.
void emit_table(const Chunk& table, Emitter& out, PortIndex port = kMainPort);

}  // namespace sr::flow
