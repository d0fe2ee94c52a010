// What the datasets of files share: loading a file by a decoder, again when it has changed. Tested in
// tests/jobs/join_dataset.yaml and tests/unit/operators/file_dataset_test.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/flow/format.h"
#include "specs/registry.h"

namespace sr::operators {

// A dataset's file may be this large.
inline constexpr std::int64_t kMostDatasetBytes = std::int64_t{1} << 30;

// A dataset in a file, by a decoder.
struct FileDataset {
  std::string path;
  SchemaRef schema;
  std::shared_ptr<const flow::Decoder> decoder;
};
specs::BoundNode bound_file_dataset(FileDataset dataset);

}  // namespace sr::operators
