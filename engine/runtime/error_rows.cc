#include "engine/runtime/error_rows.h"

#include "engine/base/text.h"
#include "engine/data/codec.h"
#include "engine/flow/graph.h"

namespace sr::runtime {

Chunk error_chunk(std::string_view node, const std::vector<ErrorRow>& rows, const Tick& tick) {
  ColumnBuilder id(types::string());
  ColumnBuilder message(types::string());
  ColumnBuilder payload(types::string());
  ColumnBuilder time(types::timestamp());
  for (const ErrorRow& row : rows) {
    id.append_string(node);
    message.append_string(row.message);
    payload.append_string(row.payload);
    time.append_int(tick.time_ms * 1000);
  }
  Chunk chunk;
  chunk.schema = flow::error_port_schema();
  chunk.columns = {id.finish(), message.finish(), payload.finish(), time.finish()};
  chunk.rows = static_cast<std::uint32_t>(rows.size());
  return chunk;
}

std::string row_payload(const Chunk& chunk, std::uint32_t row) {
  TextBuffer text;
  write_json_row(text, chunk, row);
  return std::string(text.view());
}

std::string readable(std::string_view raw) {
  std::string text;
  while (!raw.empty()) {
    const std::size_t valid = utf8_valid_prefix(raw);
    text.append(raw.substr(0, valid));
    if (valid == raw.size()) break;
    text += "\xEF\xBF\xBD";
    raw.remove_prefix(valid + 1);
  }
  return text;
}

}  // namespace sr::runtime
