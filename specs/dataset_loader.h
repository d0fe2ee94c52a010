// What every dataset takes beside its type: `where` and `reload`, around the loader of the type. Entry point:
// wrap_dataset. Tested in tests/jobs.
#pragma once

#include <memory>

#include "specs/bound_job.h"

namespace sr::specs {

std::unique_ptr<flow::DatasetLoader> wrap_dataset(std::unique_ptr<flow::DatasetLoader> loader, const BoundEntry& entry);

}  // namespace sr::specs
