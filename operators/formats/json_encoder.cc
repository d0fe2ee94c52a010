// Writing rows as JSON lines. Tested in tests/unit/operators/json_format_test.cc.
#include "operators/formats/json_encoder.h"

namespace sr::operators {

JsonEncoder::JsonEncoder(const Schema& schema) {
  for (const Field& field : schema.fields) {
    TextBuffer prefix;
    prefix.push(prefixes_.empty() ? '{' : ',');
    write_json_string(prefix, field.name);
    prefix.push(':');
    prefixes_.emplace_back(prefix.view());
  }
}

void JsonEncoder::encode(const Chunk& chunk, TextBuffer& out) const {
  chunk.selection().for_each([&](std::uint32_t row) {
    for (std::size_t i = 0; i < prefixes_.size(); ++i) {
      out.append(prefixes_[i]);
      write_json(out, *chunk.columns[i], row);
    }
    out.append(prefixes_.empty() ? "{}\n" : "}\n");
  });
}

}  // namespace sr::operators
