// The decoder of `csv`: columns by position, cast from text; an unquoted empty field is NULL. Binary is base64, nested
// types and variants are JSON. Tested in tests/unit/operators/csv_format_test.cc.
#pragma once

#include "operators/formats/csv_fields.h"

namespace sr::operators {

class CsvDecoder final : public flow::Decoder {
 public:
  CsvDecoder(flow::DecoderOptions options, const CsvRules& rules) : options_(std::move(options)), rules_(rules) {}
  void decode(const flow::RawPiece& piece, flow::DecodeSink& out) const override;
  SchemaRef schema() const override { return options_.schema; }

 private:
  flow::DecoderOptions options_;
  CsvRules rules_;
};

}  // namespace sr::operators
