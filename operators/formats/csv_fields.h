// The grammar of csv (RFC 4180 with a delimiter and a quote): where records and fields end. A quote means something
// only at a field's begin. Shared by decoder and framer. Tested in tests/unit/operators/csv_format_test.cc.
#pragma once

#include <string_view>
#include <vector>

#include "engine/flow/format.h"
#include "operators/formats/byte_scan.h"

namespace sr::operators {

struct CsvRules {
  char delimiter = ',';
  char quote = '"';
  bool header = false;
};

struct CsvField {
  const char* text = nullptr;  // between the quotes, where there are some
  std::uint32_t size = 0;
  bool quoted = false;
  bool doubled = false;  // holds quotes written twice
};

// Takes a text apart, record by record.
class CsvScanner {
 public:
  // The text has 64 readable bytes behind it.
  CsvScanner(std::string_view text, const CsvRules& rules)
      : text_(text), rules_(rules), marks_(text, {rules.delimiter, '\n', rules.quote}) {}

  enum class End : std::uint8_t {
    record,
    text,
    open_quote
  };  // of record(): behind it; the text's without a newline; inside quotes

  // Reads the record at offset(); fields() has its fields and offset() stands behind its newline.
  End record();
  const std::vector<CsvField>& fields() const { return fields_; }
  std::size_t offset() const { return at_; }
  void start_at(std::size_t offset) {
    at_ = offset;
    marks_.skip_to(offset);
  }
  // What is wrong with the record's quotes; null: nothing.
  const char* error() const { return error_; }

 private:
  // Reads a quoted field whose quote stands at at_. False: it does not end.
  bool quoted_field();

  std::string_view text_;
  CsvRules rules_;
  ByteScanner marks_;
  std::vector<CsvField> fields_;
  std::size_t at_ = 0;
  const char* error_ = nullptr;
};

// Records may have newlines inside quotes.
class CsvFramer final : public flow::Framer {
 public:
  explicit CsvFramer(const CsvRules& rules) : rules_(rules) {}
  std::size_t complete(std::string_view bytes) const override;
  bool splits_at_newlines() const override { return false; }

 private:
  CsvRules rules_;
};

}  // namespace sr::operators
