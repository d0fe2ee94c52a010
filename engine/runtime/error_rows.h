// Makes the rows of `<id>.errors` ports: node, message, payload, batch_time. Entry points: error_chunk, row_payload.
// Tested in tests/unit/runtime.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/data/chunk.h"

namespace sr::runtime {

struct ErrorRow {
  std::string message;
  std::string payload;
};

// Gives the chunk of one node's failed rows, in order.
Chunk error_chunk(std::string_view node, const std::vector<ErrorRow>& rows, const Tick& tick);
// Gives a row of a chunk as a JSON object.
std::string row_payload(const Chunk& chunk, std::uint32_t row);
// Gives raw bytes as well-formed UTF-8: what is not becomes U+FFFD.
std::string readable(std::string_view raw);

}  // namespace sr::runtime
