// The one JSON mapping and the one binary encoding of values. Text of values: cast rules of docs (Spark's). Tested in
// tests/unit/data.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/data/builder.h"
#include "engine/data/chunk.h"

namespace sr {

// Growing text output with raw-pointer writes.
class TextBuffer {
 public:
  void append(std::string_view text) { bytes_.append(text.data(), text.size()); }
  void push(char c) { bytes_.push_back(c); }
  // Room for `size` more bytes; commit what was written.
  char* reserve(std::size_t size) {
    bytes_.reserve(bytes_.size() + size);
    return bytes_.data() + bytes_.size();
  }
  void commit(std::size_t size) { bytes_.resize(bytes_.size() + size); }
  void clear() { bytes_.clear(); }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  std::size_t size() const { return bytes_.size(); }

 private:
  Vec<char> bytes_;
};

// Text of single values, by Spark's cast-to-string rules: 1.0, 1.0E10, NaN, 2024-02-29, 2024-01-05 10:11:12.5, decimals
// with their scale.
void write_int(TextBuffer& out, std::int64_t value);
void write_double(TextBuffer& out, double value);
void write_decimal(TextBuffer& out, Int128 unscaled, int scale);
void write_date(TextBuffer& out, std::int64_t days);
void write_timestamp(TextBuffer& out, std::int64_t micros);          // `2024-01-05 10:11:12.5`
void write_timestamp_rfc3339(TextBuffer& out, std::int64_t micros);  // `2024-01-05T10:11:12.5Z`
void write_json_string(TextBuffer& out, std::string_view text);
// A value of any type as cast-to-string text (what `print`, `text` and csv show); NULL writes `null`.
void write_text(TextBuffer& out, const Column& column, std::uint32_t row);

struct JsonOptions {
  bool omit_null_fields = false;  // to_json() leaves NULL fields of structures out; sinks write them
};
// A value as JSON: numbers bare (NaN and infinities as strings), decimals as numbers with their scale, timestamps RFC
// 3339, binary base64, variants as they came.
void write_json(TextBuffer& out, const Column& column, std::uint32_t row, JsonOptions options = {});
// A row as a JSON object with the schema's names.
void write_json_row(TextBuffer& out, const Chunk& chunk, std::uint32_t row);

// Parsing of texts by Spark's cast rules (white space trimmed). False: the text is not such a value.
bool parse_bigint(std::string_view text, std::int64_t* out);
bool parse_double(std::string_view text, double* out);
bool parse_boolean(std::string_view text, bool* out);
bool parse_date(std::string_view text, std::int64_t* days);
bool parse_timestamp(std::string_view text, std::int64_t* micros);
enum class DecimalParse : std::uint8_t { ok, malformed, overflow };
DecimalParse parse_decimal(std::string_view text, int precision, int scale, Int128* out);  // rounded half up to scale
bool decode_base64(std::string_view text, std::string* out);
void encode_base64(TextBuffer& out, std::string_view bytes);

// Appends a JSON value to a builder by the decoding rules of job tests and inline rows: see SPEC §7 (decimals and times
// as strings, binary base64). The error says what did not fit where (`field a: expected bigint, got string`).
Status append_json(ColumnBuilder& builder, const nlohmann::json& value);

// Binary encoding of columns, stable between versions; described in docs/formats. Appends to `out`.
void encode_column(std::string& out, const Column& column, Selection selection);
// Reads a column of `type`; advances *input. An error if the bytes are damaged.
Result<ColumnRef> decode_column(std::string_view* input, const TypeRef& type);

}  // namespace sr
