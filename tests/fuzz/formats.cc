// Fuzzes the decoders of csv and json: any bytes give rows or bad records, and every value can be read.
#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/check.h"
#include "engine/data/column.h"
#include "operators/formats/csv_decoder.h"
#include "operators/formats/json_decoder.h"

namespace {

class Reader final : public sr::flow::DecodeSink {
 public:
  void chunk(sr::Chunk chunk) override {
    for (const auto& column : chunk.columns) {
      if (!column) continue;
      for (std::uint32_t row = 0; row < chunk.rows; ++row) sum_ = sum_ ^ sr::hash_value(*column, row);
    }
  }
  void bad_record(std::string_view raw, std::string message) override { sum_ = sum_ + raw.size() + message.size(); }

 private:
  volatile std::uint64_t sum_ = 0;  // so that no read is left out
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sr::TypeError error;
  static const auto columns = sr::parse_columns(
      "a bigint, b double, c string, d boolean, e timestamp, f date, g decimal(10,2), h array<bigint>, i struct<x: "
      "string>, "
      "j binary, k variant, l map<string, double>",
      &error);
  SR_CHECK(columns.has_value());
  if (size == 0) return 0;
  auto text = std::make_shared<std::string>(reinterpret_cast<const char*>(data) + 1, size - 1);
  text->reserve(size + sr::kReadablePadding);
  const sr::flow::RawPiece piece{*text, text, true};
  sr::flow::DecoderOptions options;
  options.schema = std::make_shared<sr::Schema>(*columns);
  options.max_record = 1000;
  Reader reader;
  if (data[0] % 3 == 0) {
    sr::operators::CsvDecoder(options, {data[0] % 2 == 0 ? ',' : '|', '"', data[0] % 5 == 0}).decode(piece, reader);
  } else if (data[0] % 3 == 1) {
    sr::operators::make_json_decoder(options, false)->decode(piece, reader);
  } else {
    options.schema = std::make_shared<sr::Schema>(std::vector<sr::Field>{(*columns)[10]});
    sr::operators::make_json_decoder(options, true)->decode(piece, reader);
  }
  return 0;
}
