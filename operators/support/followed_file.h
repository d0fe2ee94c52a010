// A file that is read as it grows, through rotation and truncation; the source behind `file` with `follow: true`. Entry
// point: make_followed_file. Tested in tests/unit/operators/file_sources_test.cc and
// tests/unit/runtime/live_files_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/flow/source.h"

namespace sr::operators {

struct FollowOptions {
  std::string path;
  // A file that was rotated is left when nobody has written to it for so long: programs have it open until they are
  // told of the rotation.
  std::int64_t rotate_wait_ms = 0;
};

std::unique_ptr<flow::Source> make_followed_file(FollowOptions options);

}  // namespace sr::operators
