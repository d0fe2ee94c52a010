// CRC-32C (Castagnoli, RFC 3720 §B.4): the checksum of records on disk. Tested in tests/unit/base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sr {

// Extends the checksum `before` of some bytes by `size` more; 0 is the checksum of nothing. Uses SSE4.2 where the
// machine has it.
std::uint32_t crc32c(std::uint32_t before, const void* data, std::size_t size);
inline std::uint32_t crc32c(std::string_view text) {
  return crc32c(0, text.data(), text.size());
}

// Does the same from tables alone; for machines without the instruction and for the test that compares both.
std::uint32_t crc32c_portable(std::uint32_t before, const void* data, std::size_t size);

}  // namespace sr
