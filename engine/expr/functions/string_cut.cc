// Parts of strings: substring, left, right, substring_index, split_part. All are views of their argument. Entry point:
// register_string_cut. Tested in tests/unit/expr/strings_test.cc.
#include <algorithm>
#include <limits>

#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

std::int64_t add_clamped(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : kNoLimit;
}

// Where a 1-based position (0 is 1, negative from the end) begins; may lie before the text.
std::int64_t begin_of_position(std::int64_t position, std::int64_t length) {
  if (position > 0) return position - 1;
  return position == 0 ? 0 : add_clamped(position, length);
}

std::string_view substring_of(std::string_view text, std::int64_t position, std::int64_t length) {
  const std::int64_t count = position < 0 ? static_cast<std::int64_t>(code_points(text)) : 0;
  const std::int64_t begin = begin_of_position(position, count);
  return character_range(text, begin, length == kNoLimit ? kNoLimit : add_clamped(begin, length));
}

std::string_view bytes_of(std::string_view bytes, std::int64_t position, std::int64_t length) {
  const std::int64_t size = static_cast<std::int64_t>(bytes.size());
  std::int64_t begin = begin_of_position(position, size);
  const std::int64_t end = std::min(size, length == kNoLimit ? size : add_clamped(begin, length));
  begin = std::max<std::int64_t>(begin, 0);
  if (end <= begin) return {};
  return bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

// Views of the first argument: f(text, row).
template <class F>
std::shared_ptr<Column> views(const CallContext& context, Args args, F&& f) {
  StringOutput out(context);
  out.share(args[0]);
  for_rows<Str>(context, args, [&](std::uint32_t row, const Str& s) { out.set_view(row, f(s.view(), row)); });
  return out.take();
}

template <auto kCut>
std::shared_ptr<Column> substring(const CallContext& context, Args args) {
  const Reader<std::int64_t> positions(*args[1]);
  if (args.size() == 2) {
    return views(context, args,
                 [&](std::string_view text, std::uint32_t row) { return kCut(text, positions[row], kNoLimit); });
  }
  const Reader<std::int64_t> lengths(*args[2]);
  return views(context, args, [&](std::string_view text, std::uint32_t row) {
    return lengths[row] <= 0 ? std::string_view() : kCut(text, positions[row], lengths[row]);
  });
}

template <auto kCut>
std::shared_ptr<Column> left(const CallContext& context, Args args) {
  const Reader<std::int64_t> lengths(*args[1]);
  return views(context, args, [&](std::string_view text, std::uint32_t row) {
    return lengths[row] <= 0 ? std::string_view() : kCut(text, 1, lengths[row]);
  });
}

template <auto kCut>
std::shared_ptr<Column> right(const CallContext& context, Args args) {
  const Reader<std::int64_t> lengths(*args[1]);
  return views(context, args, [&](std::string_view text, std::uint32_t row) {
    const std::int64_t length = lengths[row];
    return length <= 0 ? std::string_view() : kCut(text, length == kNoLimit ? -kNoLimit : -length, kNoLimit);
  });
}

// Occurrences may overlap, as in Spark: each search begins one byte behind the last hit's begin.
std::string_view index_from_left(std::string_view text, std::string_view delimiter, std::int64_t count) {
  std::size_t at = 0;
  for (bool first = true; count > 0; --count, first = false) {
    at = text.find(delimiter, first ? 0 : at + 1);
    if (at == std::string_view::npos) return text;
  }
  return text.substr(0, at);
}

std::string_view index_from_right(std::string_view text, std::string_view delimiter, std::int64_t count) {
  std::size_t at = text.size() + 1;
  for (; count < 0; ++count) {
    if (at == 0) return text;
    at = text.rfind(delimiter, at - 1);
    if (at == std::string_view::npos) return text;
  }
  return text.substr(at + delimiter.size());
}

std::shared_ptr<Column> substring_index(const CallContext& context, Args args) {
  const Reader<Str> delimiters(*args[1]);
  const Reader<std::int64_t> counts(*args[2]);
  return views(context, args, [&](std::string_view text, std::uint32_t row) {
    const std::string_view delimiter = delimiters[row].view();
    if (delimiter.empty() || counts[row] == 0) return std::string_view();
    return counts[row] > 0 ? index_from_left(text, delimiter, counts[row])
                           : index_from_right(text, delimiter, counts[row]);
  });
}

// The part with the (0-based) index; '' beyond.
std::string_view part_from_left(std::string_view text, std::string_view delimiter, std::int64_t index) {
  std::size_t begin = 0;
  for (;; --index) {
    const std::size_t end = text.find(delimiter, begin);
    if (index == 0) return text.substr(begin, end == std::string_view::npos ? end : end - begin);
    if (end == std::string_view::npos) return {};
    begin = end + delimiter.size();
  }
}

std::shared_ptr<Column> split_part(const CallContext& context, Args args) {
  const Reader<Str> delimiters(*args[1]);
  const Reader<std::int64_t> indexes(*args[2]);
  return views(context, args, [&](std::string_view text, std::uint32_t row) {
    const std::string_view delimiter = delimiters[row].view();
    const std::int64_t index = indexes[row];
    if (index == 0) context.errors->add(row, "the index of split_part is 0: parts count from 1");
    if (index == 0) return std::string_view();
    if (delimiter.empty()) return index == 1 || index == -1 ? text : std::string_view();
    if (index > 0) return part_from_left(text, delimiter, index - 1);
    std::int64_t parts = 1;
    for (std::size_t at = 0; (at = text.find(delimiter, at)) != std::string_view::npos; at += delimiter.size()) ++parts;
    return index < -parts ? std::string_view() : part_from_left(text, delimiter, parts + index);
  });
}

// The same rule for strings (by characters) and binary (by bytes).
Resolver by_text_or_bytes(std::vector<TypeRef> others, Kernel by_text, Kernel by_bytes) {
  std::vector<TypeRef> text = {types::string()};
  text.insert(text.end(), others.begin(), others.end());
  std::vector<TypeRef> bytes = {types::binary()};
  bytes.insert(bytes.end(), others.begin(), others.end());
  return overloaded({{text, types::string(), by_text}, {bytes, types::binary(), by_bytes}});
}

}  // namespace

void register_string_cut(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  const TypeRef number = types::bigint();
  strings.add({{2, 3},
               "substring(s, pos [, len])",
               "Gives len characters from pos on (from 1; negative from the end), or all that follow.",
               "substring('abc', 2) = 'bc'",
               by_text_or_bytes({number, number}, substring<substring_of>, substring<bytes_of>)});
  strings.alias("substr", "substring");
  strings.add({{2, 2},
               "left(s, n)",
               "Gives the first n characters.",
               "left('abc', 2) = 'ab'",
               by_text_or_bytes({number}, left<substring_of>, left<bytes_of>)});
  strings.add({{2, 2},
               "right(s, n)",
               "Gives the last n characters.",
               "right('abc', 2) = 'bc'",
               by_text_or_bytes({number}, right<substring_of>, right<bytes_of>)});
  const std::vector<TypeRef> cut = {types::string(), types::string(), number};
  strings.add({{3, 3},
               "substring_index(s, delim, n)",
               "Gives what stands before the n-th delim, or for n < 0 behind the n-th from the right.",
               "substring_index('a.b.c', '.', 2) = 'a.b'",
               fixed(cut, types::string(), substring_index)});
  strings.add({{3, 3},
               "split_part(s, delim, n)",
               "Gives the n-th part between delims (negative from the end), '' beyond the last.",
               "split_part('a.b.c', '.', -1) = 'c'",
               fixed(cut, types::string(), split_part, kFails)});
}

}  // namespace sr::expr
