// What sources share that read and write positions. A position tells what it counts, so that a source of another type
// under the same id does not take it for its own. Entry points: counted_position, count_of, foreign_position. Tested in
// tests/unit/operators/source_types_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/flow/source.h"

namespace sr::flow {

// `<unit> <count>`, say `row 12`.
Position counted_position(std::string_view unit, std::int64_t count);
// The count of such a position, not below 0; nothing if it is one of something else.
std::optional<std::int64_t> count_of(std::string_view unit, std::string_view position);

// Why a source cannot go on from a position that it has not made, and what to do; code "changed".
Error foreign_position(const std::string& source);

}  // namespace sr::flow
