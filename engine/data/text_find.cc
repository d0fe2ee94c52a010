// A place is a candidate if the first and the last byte of what is sought stand there at their distance; whole vectors
// of places are tested together (the generic SIMD algorithm of W. Muła, "SIMD-friendly algorithms for substring
// searching").
#include "engine/data/text_find.h"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sr {
namespace {

// What is sought: at least two bytes.
struct Needle {
  const char* text;
  std::size_t size;
  bool stands_at(const char* place) const { return std::memcmp(place + 1, text + 1, size - 2) == 0; }
};

// Searches `places` places; gives the first, or `places`. Fewer places than a vector has are searched one by one.
using FindKernel = std::size_t (*)(const char* in, std::size_t places, const Needle& needle);

std::size_t find_plain(const char* in, std::size_t places, const Needle& needle) {
  const char last = needle.text[needle.size - 1];
  for (std::size_t at = 0; at < places;) {
    const void* first = std::memchr(in + at, needle.text[0], places - at);
    if (!first) return places;
    at = static_cast<std::size_t>(static_cast<const char*>(first) - in);
    if (in[at + needle.size - 1] == last && needle.stands_at(in + at)) return at;
    ++at;
  }
  return places;
}

#if defined(__x86_64__)
std::size_t first_match(const char* in, std::size_t at, std::uint32_t mask, const Needle& needle) {
  for (; mask != 0; mask &= mask - 1) {
    const auto place = at + static_cast<std::size_t>(__builtin_ctz(mask));
    if (needle.stands_at(in + place)) return place;
  }
  return SIZE_MAX;
}

std::size_t find_sse2(const char* in, std::size_t places, const Needle& needle) {
  constexpr std::size_t kWidth = 16;
  if (places < kWidth) return find_plain(in, places, needle);
  const __m128i first = _mm_set1_epi8(needle.text[0]);
  const __m128i last = _mm_set1_epi8(needle.text[needle.size - 1]);
  for (std::size_t at = 0; at < places; at += kWidth) {
    if (at + kWidth > places) at = places - kWidth;  // the last vector overlaps the one before
    const __m128i heads = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + at));
    const __m128i tails = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + at + needle.size - 1));
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(heads, first), _mm_cmpeq_epi8(tails, last));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(both));
    if (mask == 0) continue;
    const std::size_t found = first_match(in, at, mask, needle);
    if (found != SIZE_MAX) return found;
  }
  return places;
}

__attribute__((target("avx2"))) std::size_t find_avx2(const char* in, std::size_t places, const Needle& needle) {
  constexpr std::size_t kWidth = 32;
  if (places < kWidth) return find_sse2(in, places, needle);
  const __m256i first = _mm256_set1_epi8(needle.text[0]);
  const __m256i last = _mm256_set1_epi8(needle.text[needle.size - 1]);
  for (std::size_t at = 0; at < places; at += kWidth) {
    if (at + kWidth > places) at = places - kWidth;
    const __m256i heads = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + at));
    const __m256i tails = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + at + needle.size - 1));
    const __m256i both = _mm256_and_si256(_mm256_cmpeq_epi8(heads, first), _mm256_cmpeq_epi8(tails, last));
    const auto mask = static_cast<std::uint32_t>(_mm256_movemask_epi8(both));
    if (mask == 0) continue;
    const std::size_t found = first_match(in, at, mask, needle);
    if (found != SIZE_MAX) return found;
  }
  return places;
}

const FindKernel kFind = __builtin_cpu_supports("avx2") ? &find_avx2 : &find_sse2;
#else
constexpr FindKernel kFind = &find_plain;
#endif

}  // namespace

std::size_t find_text(std::string_view in, std::string_view what, std::size_t from) {
  if (from > in.size() || what.size() > in.size() - from) return std::string_view::npos;
  if (what.empty()) return from;
  if (what.size() == 1) return in.find(what[0], from);
  const std::size_t places = in.size() - from - what.size() + 1;
  const std::size_t found = kFind(in.data() + from, places, {what.data(), what.size()});
  return found == places ? std::string_view::npos : from + found;
}

}  // namespace sr
