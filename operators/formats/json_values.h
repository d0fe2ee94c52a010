// JsonValues: JSON values into columns by the decoding rules of the job language: another JSON type is an error, except
// whole number → decimal or double and any scalar → string; times, dates and decimals also from strings; binary from
// base64; NaN and the infinities from strings. Shared by json (fields) and csv (nested cells). Tested in
// tests/unit/operators/json_format_test.cc.
#pragma once

#include <string>

#include "operators/formats/chunk_maker.h"
#include "operators/formats/json_cursor.h"

namespace sr::operators {

class JsonValues {
 public:
  // Puts the value at hand into the row. False: error() says what did not fit.
  bool put(JsonCursor& json, ChunkMaker& maker, Slot& slot);
  // Appends the value at hand to a builder of any type. After a failure the builder must be truncated.
  bool append(JsonCursor& json, ColumnBuilder& to);
  // What did not fit, without the column's name; grammar errors stand in the cursor.
  const std::string& error() const { return error_; }
  void clear_error() { error_.clear(); }

 private:
  bool put_text(JsonCursor& json, ChunkMaker& maker, Slot& slot);
  bool read_string(JsonCursor& json, std::string_view* text);
  bool read_scalar_text(JsonCursor& json, const Type& type, std::string_view* text);
  bool read_int64(JsonCursor& json, const Type& type, std::int64_t* out);
  bool read_double(JsonCursor& json, const Type& type, double* out);
  bool read_decimal(JsonCursor& json, const Type& type, Int128* out);
  bool read_time(JsonCursor& json, const Type& type, std::int64_t* out);
  bool read_boolean(JsonCursor& json, const Type& type, bool* out);
  bool read_binary(JsonCursor& json, const Type& type);
  bool append_scalar(JsonCursor& json, ColumnBuilder& to);
  bool append_array(JsonCursor& json, ColumnBuilder& to);
  bool append_entries(JsonCursor& json, ColumnBuilder& to, const std::vector<bool>* keep);
  bool append_map(JsonCursor& json, ColumnBuilder& to);
  bool append_structure(JsonCursor& json, ColumnBuilder& to);
  bool mismatch(const JsonCursor& json, const Type& type);
  bool unreadable(std::string_view text, const Type& type, const char* word);

  std::string error_;
  std::string scratch_;            // an unescaped string
  std::string bytes_;              // decoded base64
  std::vector<std::string> keys_;  // of the map at hand
};

}  // namespace sr::operators
