// Lines as rows of one column, views into the raw buffer: the decoder of `text` and `raw`, and the framer of all
// formats whose records are lines. Tested in tests/unit/operators/text_format_test.cc.
#pragma once

#include "engine/flow/format.h"

namespace sr::operators {

// A record ends at every newline.
class LineFramer final : public flow::Framer {
 public:
  std::size_t complete(std::string_view bytes) const override {
    const std::size_t newline = bytes.rfind('\n');
    return newline == std::string_view::npos ? 0 : newline + 1;
  }
  bool splits_at_newlines() const override { return true; }
};

struct LineRules {
  bool utf8 = true;      // a line that is not UTF-8 is bad
  bool strip_cr = true;  // `\r\n` ends a line as `\n` does
};

// Blank lines are rows.
class LineDecoder final : public flow::Decoder {
 public:
  LineDecoder(const flow::DecoderOptions& options, LineRules rules);
  void decode(const flow::RawPiece& piece, flow::DecodeSink& out) const override;
  SchemaRef schema() const override { return schema_; }

 private:
  SchemaRef schema_;
  LineRules rules_;
  bool needed_;
  std::int64_t max_record_;
};

}  // namespace sr::operators
