// The versions of datasets that batches of the journal need, one file each. Knows nothing of when one may go. Tested in
// tests/unit/durability/store_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/durability/folder.h"

namespace sr::durability {

// Gives the name of a version's file: `<id>-<hash>`, with what is no letter, digit, `_` or `-` as %XX.
std::string dataset_name(std::string_view id, std::string_view hash);

Status write_dataset(const Folder& folder, std::string_view id, std::string_view hash, std::string_view bytes);
Result<std::string> read_dataset(const Folder& folder, std::string_view id, std::string_view hash);

}  // namespace sr::durability
