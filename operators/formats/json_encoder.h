// The encoder of `json`: one object a line with every column, NULLs as `null`. Tested in
// tests/unit/operators/json_format_test.cc.
#pragma once

#include "engine/flow/format.h"

namespace sr::operators {

class JsonEncoder final : public flow::Encoder {
 public:
  explicit JsonEncoder(const Schema& schema);
  void encode(const Chunk& chunk, TextBuffer& out) const override;
  const char* extension() const override { return "json"; }

 private:
  std::vector<std::string> prefixes_;  // per column: `{"a":`, then `,"b":`
};

}  // namespace sr::operators
