// The loops of split. The one-byte loop works on 16 bytes at a time and makes each view with one load, so that a word
// costs about ten instructions. Entry point: Splitter::split. Tested in tests/unit/expr/split_test.cc.
#include "engine/expr/functions/split.h"

#include <bit>
#include <cstring>

#include "engine/data/text_find.h"
#include "engine/expr/functions/code_points.h"

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

namespace sr::expr {

namespace {

// Splits at one byte with memchr: for short texts and limits.
void split_plain(std::string_view text, char separator, std::int64_t limit, Parts& parts) {
  for (std::int64_t count = 1; limit <= 0 || count < limit; ++count) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) break;
    parts.push(Str(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  parts.push(Str(text));
}

#ifdef __SSSE3__
constexpr std::size_t kBlock = 16;

// Row n keeps the first n bytes.
struct KeepTable {
  alignas(16) std::uint8_t rows[Str::kInline + 1][kBlock];
  constexpr KeepTable() : rows{} {
    for (std::size_t n = 0; n <= Str::kInline; ++n) {
      for (std::size_t i = 0; i < n; ++i) rows[n][i] = 0xFF;
    }
  }
};
constexpr KeepTable kKeep;

// Read at n: a shuffle that moves a block n bytes to the left and fills up with zeros.
struct SlideTable {
  std::uint8_t bytes[2 * kBlock];
  constexpr SlideTable() : bytes{} {
    for (std::size_t i = 0; i < 2 * kBlock; ++i) bytes[i] = static_cast<std::uint8_t>(i < kBlock ? i : 0x80);
  }
};
constexpr SlideTable kSlide;

// Makes the views of one text of at least a block's length.
class ViewMaker {
 public:
  explicit ViewMaker(std::string_view text) : text_(text.data()), last_(text.size() - kBlock) {}

  // Never reads outside the text: near its end the block before is loaded and moved.
  void make(Str* to, std::size_t begin, std::size_t end) const {
    const std::size_t size = end - begin;
    if (size > Str::kInline) [[unlikely]] {
      *to = Str(text_ + begin, static_cast<std::uint32_t>(size));
      return;
    }
    const std::size_t from = begin < last_ ? begin : last_;
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_ + from));
    bytes = _mm_shuffle_epi8(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kSlide.bytes + (begin - from))));
    bytes = _mm_and_si128(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(kKeep.rows[size])));
    bytes = _mm_or_si128(_mm_slli_si128(bytes, 4), _mm_cvtsi32_si128(static_cast<int>(size)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  }

 private:
  const char* text_;
  std::size_t last_;  // where the last whole block begins
};

std::uint32_t hits(const char* at, __m128i separator) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, separator)));
}

// The separators among the 64 bytes at `at` (readable by the caller's word), lowest bit first.
std::uint64_t hits64(const char* at, __m128i separator) {
  return hits(at, separator) | std::uint64_t{hits(at + 16, separator)} << 16 |
         std::uint64_t{hits(at + 32, separator)} << 32 | std::uint64_t{hits(at + 48, separator)} << 48;
}

void split_blocks(std::string_view text, char separator, Parts& parts) {
  const ViewMaker views(text);
  const __m128i wanted = _mm_set1_epi8(separator);
  std::size_t begin = 0;
  std::size_t at = 0;
  const auto emit = [&](std::uint64_t mask, std::size_t base) {
    Str* to = parts.next();
    const int count = std::popcount(mask);
    for (; mask != 0; mask &= mask - 1) {
      const std::size_t end = base + static_cast<std::size_t>(std::countr_zero(mask));
      views.make(to++, begin, end);
      begin = end + 1;
    }
    parts.commit(static_cast<std::size_t>(count));
  };
  for (; at + 64 <= text.size(); at += 64) {
    parts.reserve(64);
    emit(hits64(text.data() + at, wanted), at);
  }
  parts.reserve(65);
  for (; at + kBlock <= text.size(); at += kBlock) emit(hits(text.data() + at, wanted), at);
  if (at < text.size()) {
    const std::size_t last = text.size() - kBlock;  // bytes seen before are shifted out
    emit((hits(text.data() + last, wanted) >> (at - last)), at);
  }
  views.make(parts.next(), begin, text.size() >= begin ? text.size() : begin);
  parts.commit(1);
}
#endif

// A part of the text; shares the text's buffer, or is copied into the view if it is short.
Str part_of(std::string_view text, std::size_t begin, std::size_t end) {
  return Str(text.data() + begin, static_cast<std::uint32_t>(end - begin));
}

void split_characters(std::string_view text, std::int64_t limit, Parts& parts) {
  std::size_t at = 0;
  for (std::int64_t count = 1; at < text.size() && (limit <= 0 || count < limit); ++count) {
    const std::size_t size = character_size(text, at);
    if (at + size == text.size()) break;
    parts.push(part_of(text, at, at + size));
    at += size;
  }
  parts.push(part_of(text, at, text.size()));
}

}  // namespace

std::shared_ptr<const Splitter> Splitter::compile(std::string_view pattern, std::string* error) {
  auto splitter = std::make_shared<Splitter>();
  splitter->characters_ = pattern.empty();
  if (const std::optional<std::string> literal = literal_of_pattern(pattern)) {
    splitter->literal_ = *literal;
    return splitter;
  }
  splitter->regex_ = Regex::compile(pattern, error);
  return splitter->regex_ ? splitter : nullptr;
}

void Splitter::split_by_literal(std::string_view text, std::int64_t limit, Parts& parts) const {
  std::size_t begin = 0;
  for (std::int64_t count = 1; limit <= 0 || count < limit; ++count) {
    const std::size_t at = find_text(text, literal_, begin);
    if (at == std::string_view::npos) break;
    parts.push(part_of(text, begin, at));
    begin = at + literal_.size();
  }
  parts.push(part_of(text, begin, text.size()));
}

const char* Splitter::split_by_regex(std::string_view text, std::int64_t limit, Parts& parts,
                                     std::unique_ptr<Matcher>& matcher) const {
  if (!matcher) matcher = std::make_unique<Matcher>(*regex_);
  std::size_t begin = 0;
  std::int64_t count = 1;
  for (std::size_t from = 0; from <= text.size() && (limit <= 0 || count < limit);) {
    if (!matcher->find(text, from)) break;
    from = next_search(text, matcher->begin(), matcher->end());
    if (matcher->end() == 0) continue;  // an empty match at the front cuts nothing off
    parts.push(part_of(text, begin, matcher->begin()));
    begin = matcher->end();
    ++count;
  }
  if (matcher->error()) return matcher->error();
  parts.push(part_of(text, begin, text.size()));
  return nullptr;
}

const char* Splitter::split(const Str& str, std::int64_t limit, Parts& parts, std::unique_ptr<Matcher>& matcher) const {
  const std::string_view text = str.view();
  if (characters_) {
    split_characters(text, limit, parts);
  } else if (literal_.size() == 1) {
#ifdef __SSSE3__
    if (limit <= 0 && text.size() >= kBlock) {
      split_blocks(text, literal_[0], parts);
      return nullptr;
    }
#endif
    split_plain(text, literal_[0], limit, parts);
  } else if (!literal_.empty()) {
    split_by_literal(text, limit, parts);
  } else {
    return split_by_regex(text, limit, parts, matcher);
  }
  return nullptr;
}

}  // namespace sr::expr
