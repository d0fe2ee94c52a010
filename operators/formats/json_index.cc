// JsonIndex over simdjson's first stage, chosen at run time for the machine. The only user of that interface.
// Tested in tests/unit/operators/json_format_test.cc.
#include "operators/formats/json_index.h"

#include <simdjson.h>

#include "engine/base/check.h"

namespace sr::operators {

struct JsonIndex::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  std::uint32_t nothing[2] = {0, 0};
  bool empty = true;
};

JsonIndex::JsonIndex(std::size_t largest) : parser_(std::make_unique<Parser>()) {
  // The first stage keeps no stack: a depth of 1 spares its memory.
  const auto error =
      simdjson::get_active_implementation()->create_dom_parser_implementation(largest + 64, 1, parser_->stage);
  SR_CHECK(!error);
}

JsonIndex::~JsonIndex() = default;

const char* JsonIndex::build(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const simdjson::error_code error = parser_->stage->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  parser_->empty = error == simdjson::EMPTY;
  switch (error) {
    case simdjson::SUCCESS:
      return nullptr;
    case simdjson::EMPTY:
      parser_->nothing[0] = parser_->nothing[1] = static_cast<std::uint32_t>(text.size());
      return nullptr;
    case simdjson::UTF8_ERROR:
      return "the record is not valid UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "invalid JSON: a string is not closed";
    case simdjson::UNESCAPED_CHARS:
      return "invalid JSON: a control character stands in a string";
    default:
      return simdjson::error_message(error);
  }
}

const std::uint32_t* JsonIndex::tokens() const {
  return parser_->empty ? parser_->nothing : parser_->stage->structural_indexes.get();
}

}  // namespace sr::operators
