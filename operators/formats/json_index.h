// JsonIndex: where the tokens of a block of JSON lines begin. One pass of simdjson's first stage (UTF-8, strings,
// structure) over many lines costs a fraction of one pass per line. Entry point: build. Tested in
// tests/unit/operators/json_format_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace sr::operators {

class JsonIndex {
 public:
  // `largest`: the most bytes that one build may get.
  explicit JsonIndex(std::size_t largest);
  ~JsonIndex();

  // Indexes a text. Gives null, or why it is no JSON as far as strings and bytes go. An error anywhere in a block of
  // lines says nothing about the other lines: index them one by one then. Without an error no newline stands inside a
  // string.
  const char* build(std::string_view text);
  // Offsets of tokens, ascending, ended by the text's size (twice).
  const std::uint32_t* tokens() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sr::operators
