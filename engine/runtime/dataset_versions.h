// The version of a dataset as bytes, so that a batch can be run again with what it saw. Entry points: encode_dataset,
// decode_dataset. Tested in tests/cli/durable.py.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/flow/operator.h"

namespace sr::runtime {

std::string encode_dataset(const flow::DatasetVersion& version);
// Reads rows of `schema`. An error if the bytes are of other columns.
Result<std::shared_ptr<const flow::DatasetVersion>> decode_dataset(std::string_view bytes, const SchemaRef& schema);
// The name of a version.
std::string dataset_hash(std::string_view bytes);

}  // namespace sr::runtime
