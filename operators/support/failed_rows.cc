#include "operators/support/failed_rows.h"

#include <numeric>

namespace sr::operators {

bool live_rows(const Chunk& table, const expr::RowErrors& errors, flow::Emitter& out,
               std::vector<std::uint32_t>& rows) {
  if (errors.empty()) {
    rows.resize(table.rows);
    std::iota(rows.begin(), rows.end(), 0U);
    return true;
  }
  Vec<std::uint32_t> kept;
  if (!out.drop_failed(table, errors, kept)) return false;
  rows.assign(kept.begin(), kept.end());
  return true;
}

}  // namespace sr::operators
