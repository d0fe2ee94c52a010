// A file that is read as it grows, through rotation and truncation; the source behind `file` with `follow: true`. Entry
// point: make_followed_file. Tested in tests/unit/operators/file_sources_test.cc and
// tests/unit/runtime/live_files_test.cc.
#pragma once

#include <memory>
#include <string>

#include "engine/flow/source.h"

namespace sr::operators {

std::unique_ptr<flow::Source> make_followed_file(std::string path);

}  // namespace sr::operators
