// Writing rows as text and raw lines. Tested in tests/unit/operators/text_format_test.cc.
#include "operators/formats/text_encoder.h"

namespace sr::operators {
namespace {

// Lines of one column of strings: one reservation a chunk.
void write_strings(const Column& column, Selection rows, std::string_view null, TextBuffer& out) {
  std::size_t total = 0;
  rows.for_each([&](std::uint32_t row) { total += (column.valid(row) ? column.get<Str>(row).size : null.size()) + 1; });
  char* const begin = out.reserve(total);
  char* to = begin;
  rows.for_each([&](std::uint32_t row) {
    const std::string_view text = column.valid(row) ? column.get<Str>(row).view() : null;
    std::memcpy(to, text.data(), text.size());
    to += text.size();
    *to++ = '\n';
  });
  out.commit(total);
}

}  // namespace

void TextEncoder::encode(const Chunk& chunk, TextBuffer& out) const {
  if (chunk.columns.size() == 1) {
    const Column& column = *chunk.columns[0];
    if (column.type->is_text()) return write_strings(column, chunk.selection(), "null", out);
    chunk.selection().for_each([&](std::uint32_t row) {
      write_text(out, column, row);
      out.push('\n');
    });
    return;
  }
  chunk.selection().for_each([&](std::uint32_t row) {
    char before = '(';
    for (const ColumnRef& column : chunk.columns) {
      out.push(before);
      write_text(out, *column, row);
      before = ',';
    }
    out.append(chunk.columns.empty() ? "()\n" : ")\n");
  });
}

void RawEncoder::encode(const Chunk& chunk, TextBuffer& out) const {
  write_strings(*chunk.columns[0], chunk.selection(), "", out);
}

}  // namespace sr::operators
