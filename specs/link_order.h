// The order of linked nodes, and cycles. Entry point: order_nodes.
#pragma once

#include "specs/link.h"

namespace sr::specs {

// Fills LinkedJob::order: inputs before readers, otherwise as in the file. Each cycle is reported once, hop by hop.
void order_nodes(const JobSpec& job, LinkedJob& linked, Diagnostics& diagnostics);

}  // namespace sr::specs
