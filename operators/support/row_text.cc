#include "operators/support/row_text.h"

namespace sr::operators {

void write_row_text(TextBuffer& out, const Chunk& chunk, std::uint32_t row) {
  if (chunk.columns.size() == 1) return write_text(out, *chunk.columns[0], row);
  out.push('(');
  for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
    if (i > 0) out.push(',');
    write_text(out, *chunk.columns[i], row);
  }
  out.push(')');
}

}  // namespace sr::operators
