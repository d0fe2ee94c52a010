// Writing values as JSON. Reading inline rows is in codec_json_read.cc; the wire format's decoder is an operator's.
// Entry points: write_json, write_json_row. Tested in tests/unit/data/codec_json_test.cc.
#include <cmath>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "engine/data/codec.h"

namespace sr {
namespace {

// Nonzero if one of the 16 bytes must be escaped; bit or nibble positions give the first one (see first_of).
#if defined(__SSE2__)
std::uint64_t escapes_in(const char* at) {
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quote = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
  const __m128i slash = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1f)), text);
  return static_cast<std::uint64_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control)));
}
unsigned first_of(std::uint64_t mask) {
  return static_cast<unsigned>(__builtin_ctzll(mask));
}
#else
std::uint64_t escapes_in(const char* at) {
  std::uint64_t mask = 0;
  for (int i = 0; i < 16; ++i) {
    const unsigned char c = static_cast<unsigned char>(at[i]);
    mask |= static_cast<std::uint64_t>(c < 0x20 || c == '"' || c == '\\') << i;
  }
  return mask;
}
unsigned first_of(std::uint64_t mask) {
  return static_cast<unsigned>(__builtin_ctzll(mask));
}
#endif

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

char* put_escape(char* to, char c) {
  *to++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *to++ = c;
      return to;
    case '\b':
      *to++ = 'b';
      return to;
    case '\f':
      *to++ = 'f';
      return to;
    case '\n':
      *to++ = 'n';
      return to;
    case '\r':
      *to++ = 'r';
      return to;
    case '\t':
      *to++ = 't';
      return to;
    default:
      break;
  }
  std::memcpy(to, "u00", 3);
  to[3] = "0123456789abcdef"[c >> 4 & 15];
  to[4] = "0123456789abcdef"[c & 15];
  return to + 5;
}

// Copies what needs no escape, 16 bytes at a time (writing up to 15 bytes too many), up to the first that does. Gives
// its offset.
std::size_t copy_plain(char* to, const char* from, std::size_t size) {
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    std::memcpy(to + i, from + i, 16);
    if (const std::uint64_t mask = escapes_in(from + i)) return i + first_of(mask);
  }
  for (; i < size && !needs_escape(from[i]); ++i) to[i] = from[i];
  return i;
}

void write_list(TextBuffer& out, const Column& column, std::uint32_t row, JsonOptions options) {
  const bool map = column.type->id == TypeId::map;
  out.push(map ? '{' : '[');
  const std::uint32_t begin = column.begin_of(row);
  for (std::uint32_t i = begin; i < column.end_of(row); ++i) {
    if (i != begin) out.push(',');
    if (map) {
      write_json_string(out, column.children[0]->get<Str>(i).view());
      out.push(':');
    }
    write_json(out, *column.children[map ? 1 : 0], i, options);
  }
  out.push(map ? '}' : ']');
}

void write_structure(TextBuffer& out, const Column& column, std::uint32_t row, JsonOptions options) {
  out.push('{');
  bool first = true;
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    const Column& child = *column.children[i];
    if (options.omit_null_fields && !child.valid(row)) continue;
    if (!first) out.push(',');
    first = false;
    write_json_string(out, column.type->fields[i].name);
    out.push(':');
    write_json(out, child, row, options);
  }
  out.push('}');
}

template <class F>
void quoted(TextBuffer& out, F&& body) {
  out.push('"');
  body();
  out.push('"');
}

}  // namespace

void write_json_string(TextBuffer& out, std::string_view text) {
  char* begin = out.reserve(text.size() + 32);
  char* to = begin;
  *to++ = '"';
  const char* from = text.data();
  std::size_t left = text.size();
  std::size_t plain = copy_plain(to, from, left);
  to += plain;
  if (plain < left) {  // room for the worst case, now that there is something to escape
    const std::size_t written = static_cast<std::size_t>(to - begin);
    out.commit(written);
    begin = to = out.reserve((left - plain) * 6 + 32);
    while (plain < left) {
      from += plain;
      left -= plain;
      to = put_escape(to, *from++);
      plain = copy_plain(to, from, --left);
      to += plain;
    }
  }
  *to++ = '"';
  out.commit(static_cast<std::size_t>(to - begin));
}

void write_json(TextBuffer& out, const Column& column, std::uint32_t row, JsonOptions options) {
  if (!column.valid(row)) return out.append("null");
  switch (column.type->id) {
    case TypeId::null:
      return out.append("null");
    case TypeId::boolean:
      return out.append(column.get<std::uint8_t>(row) ? "true" : "false");
    case TypeId::bigint:
      return write_int(out, column.get<std::int64_t>(row));
    case TypeId::float64: {
      const double value = column.get<double>(row);
      if (std::isfinite(value)) return write_double(out, value);
      return quoted(out, [&] { write_double(out, value); });
    }
    case TypeId::decimal:
      return write_decimal(out, column.get<Int128>(row), column.type->scale);
    case TypeId::string:
      return write_json_string(out, column.get<Str>(row).view());
    case TypeId::variant:
      return out.append(column.get<Str>(row).view());
    case TypeId::binary:
      return quoted(out, [&] { encode_base64(out, column.get<Str>(row).view()); });
    case TypeId::timestamp:
      return quoted(out, [&] { write_timestamp_rfc3339(out, column.get<std::int64_t>(row)); });
    case TypeId::date:
      return quoted(out, [&] { write_date(out, column.get<std::int64_t>(row)); });
    case TypeId::array:
    case TypeId::map:
      return write_list(out, column, row, options);
    case TypeId::structure:
      return write_structure(out, column, column.at(row), options);
  }
}

void write_json_row(TextBuffer& out, const Chunk& chunk, std::uint32_t row) {
  out.push('{');
  for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
    if (i) out.push(',');
    write_json_string(out, chunk.schema->fields[i].name);
    out.push(':');
    write_json(out, *chunk.columns[i], row);
  }
  out.push('}');
}

}  // namespace sr
