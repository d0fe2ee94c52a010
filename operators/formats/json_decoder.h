// The decoders of `json`: objects by a schema, one object a line; or any JSON as one variant a line. Blank lines are
// skipped. Entry point: make_json_decoder. Tested in tests/unit/operators/json_format_test.cc.
#pragma once

#include <memory>

#include "engine/flow/format.h"

namespace sr::operators {

// Makes the decoder for fields (the schema's names match exactly), or for whole records when `whole` (the schema is one
// variant).
std::shared_ptr<const flow::Decoder> make_json_decoder(flow::DecoderOptions options, bool whole);

}  // namespace sr::operators
