// JSON Schema (draft-07) of the job language, from the registry: what editors complete and check by. Entry point:
// job_schema. Tested in tests/conformance; committed as schemas/job.schema.json.
#pragma once

#include <string>

#include "specs/registry.h"

namespace sr::specs {

// Gives the schema as indented text that ends with a line break; the same for the same registry.
std::string job_schema(const Registry& registry);

}  // namespace sr::specs
