// Writing csv. Tested in tests/unit/operators/csv_format_test.cc.
#include "operators/formats/csv_encoder.h"

#include <cstring>

namespace sr::operators {

namespace {

// Every character that numbers, times, booleans and their like are written with.
constexpr std::string_view kPlainAlphabet = "0123456789+-.:ETZ aefilnrstuyIN";

}  // namespace

CsvEncoder::CsvEncoder(const CsvRules& rules) : rules_(rules) {
  for (const char c : {rules.delimiter, rules.quote, '\n', '\r'}) special_[static_cast<unsigned char>(c)] = true;
  for (const char c : kPlainAlphabet) plain_scalars_ = plain_scalars_ && !special_[static_cast<unsigned char>(c)];
}

bool CsvEncoder::needs_quotes(std::string_view text) const {
  if (text.empty()) return true;
  unsigned found = 0;
  for (const char c : text) found |= static_cast<unsigned>(special_[static_cast<unsigned char>(c)]);
  return found != 0;
}

void CsvEncoder::field(std::string_view text, TextBuffer& out) const {
  if (!needs_quotes(text)) return out.append(text);
  out.push(rules_.quote);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t quote = std::min(text.find(rules_.quote, at), text.size());
    out.append(text.substr(at, quote - at));
    if (quote < text.size()) {
      out.push(rules_.quote);
      out.push(rules_.quote);
    }
    at = quote + 1;
  }
  out.push(rules_.quote);
}

void CsvEncoder::value(const Column& column, std::uint32_t row, TextBuffer& scratch, TextBuffer& out) const {
  if (!column.valid(row)) return;
  switch (column.type->id) {
    case TypeId::string:
      return field(column.get<Str>(row).view(), out);
    case TypeId::boolean:
    case TypeId::bigint:
    case TypeId::float64:
    case TypeId::decimal:
    case TypeId::timestamp:
    case TypeId::date:
      if (plain_scalars_) return write_text(out, column, row);
      break;
    default:
      break;
  }
  scratch.clear();
  if (column.type->id == TypeId::binary)
    encode_base64(scratch, column.get<Str>(row).view());
  else if (column.type->is_nested() || column.type->id == TypeId::variant)
    write_json(scratch, column, row);
  else
    write_text(scratch, column, row);
  field(scratch.view(), out);
}

void CsvEncoder::encode(const Chunk& chunk, TextBuffer& out) const {
  TextBuffer scratch;
  chunk.selection().for_each([&](std::uint32_t row) {
    for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
      if (i) out.push(rules_.delimiter);
      value(*chunk.columns[i], row, scratch, out);
    }
    out.push('\n');
  });
}

void CsvEncoder::header(const Schema& schema, TextBuffer& out) const {
  if (!rules_.header) return;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (i) out.push(rules_.delimiter);
    field(schema.fields[i].name, out);
  }
  out.push('\n');
}

}  // namespace sr::operators
