// What tells whether a batch gives a sink the same rows as before. Entry point: digest_rows. Tested in
// tests/unit/runtime/row_digest_test.cc.
#pragma once

#include <cstdint>

#include "engine/data/chunk.h"

namespace sr::runtime {

// Gives the sum, modulo 2^64, of a hash of each live row. So neither the order of the rows nor how they are cut into
// chunks matters, and the digest of two chunks is the sum of theirs.
std::uint64_t digest_rows(const Chunk& chunk);

}  // namespace sr::runtime
