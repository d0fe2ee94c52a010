// The kernels behind ByteScanner: portable, SSE2 and AVX2, for one byte and for three. Tested in
// tests/unit/operators/byte_scan_test.cc.
#include "operators/formats/byte_scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sr::operators {
namespace {

void mark_plain(const char* data, std::size_t words, ScanBytes bytes, std::uint64_t* marks) {
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      const char c = data[w * 64 + i];
      mask |= static_cast<std::uint64_t>(c == bytes.a || c == bytes.b || c == bytes.c) << i;
    }
    marks[w] = mask;
  }
}

#if defined(__x86_64__)
template <bool kThree>
void mark_sse2(const char* data, std::size_t words, ScanBytes bytes, std::uint64_t* marks) {
  const __m128i a = _mm_set1_epi8(bytes.a);
  const __m128i b = _mm_set1_epi8(bytes.b);
  const __m128i c = _mm_set1_epi8(bytes.c);
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t mask = 0;
    for (int part = 0; part < 4; ++part) {
      const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + w * 64 + part * 16));
      __m128i hit = _mm_cmpeq_epi8(text, a);
      if constexpr (kThree) hit = _mm_or_si128(hit, _mm_or_si128(_mm_cmpeq_epi8(text, b), _mm_cmpeq_epi8(text, c)));
      mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hit))) << (part * 16);
    }
    marks[w] = mask;
  }
}

template <bool kThree>
__attribute__((target("avx2"))) void mark_avx2(const char* data, std::size_t words, ScanBytes bytes,
                                               std::uint64_t* marks) {
  const __m256i a = _mm256_set1_epi8(bytes.a);
  const __m256i b = _mm256_set1_epi8(bytes.b);
  const __m256i c = _mm256_set1_epi8(bytes.c);
  for (std::size_t w = 0; w < words; ++w) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + w * 64));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + w * 64 + 32));
    __m256i hit_low = _mm256_cmpeq_epi8(low, a);
    __m256i hit_high = _mm256_cmpeq_epi8(high, a);
    if constexpr (kThree) {
      hit_low = _mm256_or_si256(hit_low, _mm256_or_si256(_mm256_cmpeq_epi8(low, b), _mm256_cmpeq_epi8(low, c)));
      hit_high = _mm256_or_si256(hit_high, _mm256_or_si256(_mm256_cmpeq_epi8(high, b), _mm256_cmpeq_epi8(high, c)));
    }
    const std::uint64_t mask_low = static_cast<std::uint32_t>(_mm256_movemask_epi8(hit_low));
    const std::uint64_t mask_high = static_cast<std::uint32_t>(_mm256_movemask_epi8(hit_high));
    marks[w] = mask_low | mask_high << 32;
  }
}
#endif

}  // namespace

MarkKernel mark_kernel(ScanBytes bytes) {
#if defined(__x86_64__)
  const bool one = bytes.a == bytes.b && bytes.a == bytes.c;
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return one ? &mark_avx2<false> : &mark_avx2<true>;
  return one ? &mark_sse2<false> : &mark_sse2<true>;
#else
  return &mark_plain;
#endif
}

std::size_t mark_kernels(MarkKernel* out, std::size_t most) {
  std::size_t count = 0;
  const auto add = [&](MarkKernel kernel) {
    if (count < most) out[count++] = kernel;
  };
  add(&mark_plain);
#if defined(__x86_64__)
  add(&mark_sse2<true>);
  if (__builtin_cpu_supports("avx2")) add(&mark_avx2<true>);
#endif
  return count;
}

}  // namespace sr::operators
