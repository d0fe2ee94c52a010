// The encoders of `text` (the only column's text, else `(a,b)`) and `raw` (bytes), one row a line.
// Tested in tests/unit/operators/text_format_test.cc.
#pragma once

#include "engine/flow/format.h"

namespace sr::operators {

class TextEncoder final : public flow::Encoder {
 public:
  void encode(const Chunk& chunk, TextBuffer& out) const override;
  const char* extension() const override { return "txt"; }
};

// Writes the only column, of strings or bytes, as it is; NULL is an empty line.
class RawEncoder final : public flow::Encoder {
 public:
  void encode(const Chunk& chunk, TextBuffer& out) const override;
  const char* extension() const override { return "bin"; }
};

}  // namespace sr::operators
