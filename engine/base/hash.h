// Hashing with a fixed seed: the same key has the same hash in every run, on every worker and in every snapshot, so
// changing anything here changes the format of state on disk. Tested in tests/unit/base.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sr {

constexpr std::uint64_t kHashSeed = 0x73747265616d7231;  // "streamr1"

// Gives XXH3-64 of `size` bytes. `data` may be null when size is 0.
inline std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t seed = kHashSeed) {
  return XXH3_64bits_withSeed(size == 0 ? "" : data, size, seed);
}
inline std::uint64_t hash_bytes(std::string_view text) {
  return hash_bytes(text.data(), text.size());
}

// Mixes all bits of a whole number into all bits of the result; a bijection (Stafford's variant 13 of the MurmurHash3
// finaliser).
inline std::uint64_t hash_u64(std::uint64_t value) {
  value += kHashSeed;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// Adds the hash of a further column to that of the columns before it; the order matters.
inline std::uint64_t combine(std::uint64_t before, std::uint64_t next) {
  return hash_u64(before * 0x9e3779b97f4a7c15 + next);
}

}  // namespace sr
