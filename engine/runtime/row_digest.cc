#include "engine/runtime/row_digest.h"

#include "engine/state/key_column.h"

namespace sr::runtime {

std::uint64_t digest_rows(const Chunk& chunk) {
  const Selection rows = chunk.selection();
  Vec<std::uint64_t> hashes(rows.count);
  bool first = true;
  for (const ColumnRef& column : chunk.columns) {
    KeyColumn::hash(*column, rows, first, hashes.data());
    first = false;
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t hash : hashes) sum += hash_u64(hash);
  return sum;
}

}  // namespace sr::runtime
