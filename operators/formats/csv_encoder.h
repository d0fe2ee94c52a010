// The encoder of `csv`: fields quoted where they must be, NULL as an empty field, the empty string as `""`.
// Tested in tests/unit/operators/csv_format_test.cc.
#pragma once

#include <array>

#include "operators/formats/csv_fields.h"

namespace sr::operators {

class CsvEncoder final : public flow::Encoder {
 public:
  explicit CsvEncoder(const CsvRules& rules);
  void encode(const Chunk& chunk, TextBuffer& out) const override;
  void header(const Schema& schema, TextBuffer& out) const override;
  const char* extension() const override { return "csv"; }

 private:
  void value(const Column& column, std::uint32_t row, TextBuffer& scratch, TextBuffer& out) const;
  void field(std::string_view text, TextBuffer& out) const;

  bool needs_quotes(std::string_view text) const;

  CsvRules rules_;
  std::array<bool, 256> special_{};  // characters that make a field need quotes
  bool plain_scalars_ = true;        // numbers, times and booleans never need them
};

}  // namespace sr::operators
