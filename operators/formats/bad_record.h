// report_bad: hands a record that could not be decoded to the sink: valid UTF-8, not longer than a record may be.
// Tested through tests/unit/operators/text_format_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "engine/flow/format.h"

namespace sr::operators {

// Reports; what is not UTF-8 in `raw` becomes U+FFFD, what is behind `most` bytes is cut.
void report_bad(flow::DecodeSink& out, std::string_view raw, std::int64_t most, std::string message);
// Reports a record that is longer than `most`.
void report_long(flow::DecodeSink& out, std::string_view raw, std::int64_t most);

}  // namespace sr::operators
