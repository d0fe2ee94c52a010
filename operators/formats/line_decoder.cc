// Splitting raw input into lines: a marked newline a line, 16 bytes written a line, nothing allocated.
// Entry point: LineDecoder::decode. Tested in tests/unit/operators/text_format_test.cc.
#include "operators/formats/line_decoder.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/base/text.h"
#include "operators/formats/bad_record.h"
#include "operators/formats/byte_scan.h"

namespace sr::operators {
namespace {

// Fills one column and hands out a chunk whenever it is full.
class LineRows {
 public:
  LineRows(const SchemaRef& schema, const flow::RawPiece& piece, bool needed, flow::DecodeSink& out)
      : schema_(schema), piece_(piece), needed_(needed), out_(out) {}

  void add(const char* line, std::size_t size, std::size_t bytes_left) {
    if (rows_ == capacity_) start(bytes_left);
    if (needed_) values_[rows_] = Str::padded(line, static_cast<std::uint32_t>(size));
    ++rows_;
  }

  void flush() {
    if (rows_ == 0) return;
    Chunk chunk;
    chunk.schema = schema_;
    chunk.rows = rows_;
    if (needed_) {
      column_->size = rows_;
      column_->make_values<Str>(rows_);
      chunk.columns.push_back(std::move(column_));
    } else {
      chunk.columns.push_back(null_column(schema_->fields[0].type, rows_));
    }
    rows_ = capacity_ = 0;
    out_.chunk(std::move(chunk));
  }

 private:
  void start(std::size_t bytes_left) {
    flush();
    capacity_ = static_cast<std::uint32_t>(std::min<std::size_t>(kChunkRows, bytes_left + 1));
    if (!needed_) return;
    column_ = std::make_shared<Column>(schema_->fields[0].type, 0);
    values_ = column_->make_values<Str>(capacity_);
    column_->holders.push_back(piece_.holder);
  }

  const SchemaRef& schema_;
  const flow::RawPiece& piece_;
  const bool needed_;
  flow::DecodeSink& out_;
  std::shared_ptr<Column> column_;
  Str* values_ = nullptr;
  std::uint32_t rows_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace

LineDecoder::LineDecoder(const flow::DecoderOptions& options, LineRules rules)
    : schema_(options.schema),
      rules_(rules),
      needed_(options.needed.empty() || options.needed[0]),
      max_record_(options.max_record) {}

void LineDecoder::decode(const flow::RawPiece& piece, flow::DecodeSink& out) const {
  const std::string_view bytes = piece.bytes;
  const bool check = rules_.utf8 && !simdjson::validate_utf8(bytes.data(), bytes.size());
  const std::size_t most = static_cast<std::size_t>(max_record_);
  LineRows rows(schema_, piece, needed_, out);
  ByteScanner newlines(bytes, {'\n', '\n', '\n'});
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t newline = newlines.next();
    std::size_t size = newline - begin;
    if (rules_.strip_cr && size && bytes[newline - 1] == '\r' && newline < bytes.size()) --size;
    const char* line = bytes.data() + begin;
    if (size > most) [[unlikely]] {
      report_long(out, {line, size}, max_record_);
    } else if (check && !is_utf8({line, size})) [[unlikely]] {
      report_bad(out, {line, size}, max_record_, "the record is not valid UTF-8");
    } else {
      rows.add(line, size, bytes.size() - begin);
    }
    begin = newline + 1;
  }
  rows.flush();
}

}  // namespace sr::operators
