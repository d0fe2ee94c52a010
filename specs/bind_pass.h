// Pass 4: every node's bind function runs with the columns of its inputs; schemas, event time and timing flow
// downwards. Entry point: bind_job. A node that cannot be bound has unknown columns, and nothing that depends on them
// is reported. Tested in tests/diagnostics.
#pragma once

#include <memory>

#include "specs/bound_job.h"
#include "specs/link.h"

namespace sr::specs {

// `job` must outlive the result.
std::unique_ptr<BoundJob> bind_job(const JobSpec& job, const LinkedJob& linked, const Registry& registry,
                                   Diagnostics& diagnostics);

// bind_macros.cc: parses and checks the bodies of `functions:`.
void bind_macros(const JobSpec& job, expr::Macros& macros, Diagnostics& diagnostics);

}  // namespace sr::specs
