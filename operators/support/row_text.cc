#include "operators/support/row_text.h"

#include <algorithm>

#include "engine/base/text.h"

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

void write_table(std::string& out, const std::vector<std::string>& names, const std::vector<std::string>& cells) {
  std::vector<std::size_t> widths;
  for (const std::string& name : names) widths.push_back(code_points(name));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::size_t& width = widths[i % names.size()];
    width = std::max(width, code_points(cells[i]));
  }
  std::string rule = "+";
  for (const std::size_t width : widths) rule += std::string(width + 2, '-') + "+";
  const auto line = [&](auto begin) {
    out += "|";
    for (const std::size_t width : widths) {
      out += " " + *begin + std::string(width - code_points(*begin), ' ') + " |";
      ++begin;
    }
    out += "\n";
  };
  out += rule + "\n";
  line(names.begin());
  out += rule + "\n";
  for (std::size_t i = 0; i < cells.size(); i += names.size()) line(cells.begin() + static_cast<std::ptrdiff_t>(i));
  out += rule + "\n";
}

}  // namespace sr::operators
