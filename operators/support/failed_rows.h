// Applying a node's `on_error` to the rows of a whole-batch table. For operators that evaluate expressions in
// end_batch. Tested through the job tests of the operators that use it.
#pragma once

#include <vector>

#include "engine/flow/operator.h"

namespace sr::operators {

// Lists the rows of a dense table that did not fail; the failed ones follow the node's on_error. False: the batch has
// failed.
bool live_rows(const Chunk& table, const expr::RowErrors& errors, flow::Emitter& out, std::vector<std::uint32_t>& rows);

}  // namespace sr::operators
