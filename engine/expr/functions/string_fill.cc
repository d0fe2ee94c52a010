// Strings filled to a length or made of numbers: repeat, space, lpad, rpad, overlay, chr. Entry point:
// register_string_fill. Their results are limited by kMaxMadeTextBytes. Tested in tests/unit/expr/strings_test.cc.
#include <algorithm>

#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/limits.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

// Whether `count` times `size` bytes are too many.
bool too_long(std::int64_t count, std::size_t size) {
  return size > 0 && count > static_cast<std::int64_t>(kMaxMadeTextBytes / size);
}

// Appends the text `count` times; false if that is too long.
bool append_repeated(std::string& to, std::string_view text, std::int64_t count) {
  if (too_long(count, text.size())) return false;
  if (text.empty()) return true;
  for (; count > 0; --count) to += text;
  return true;
}

std::shared_ptr<Column> repeat(const CallContext& context, Args args) {
  StringOutput out(context);
  for_rows<Str, std::int64_t>(context, args, [&](std::uint32_t row, const Str& s, std::int64_t count) {
    std::string& to = out.scratch();
    if (!append_repeated(to, s.view(), count)) context.errors->add(row, kTextTooLong);
    out.set(row, to);
  });
  return out.take();
}

std::shared_ptr<Column> space(const CallContext& context, Args args) {
  StringOutput out(context);
  for_rows<std::int64_t>(context, args, [&](std::uint32_t row, std::int64_t count) {
    std::string& to = out.scratch();
    if (!append_repeated(to, " ", count)) context.errors->add(row, kTextTooLong);
    out.set(row, to);
  });
  return out.take();
}

// `missing` characters of `pad`, again and again.
void append_padding(std::string& out, std::string_view pad, std::int64_t missing) {
  const std::int64_t length = static_cast<std::int64_t>(code_points(pad));
  for (; missing >= length; missing -= length) out += pad;
  out += character_range(pad, 0, missing);
}

template <bool kLeft>
std::shared_ptr<Column> pad(const CallContext& context, Args args) {
  StringOutput out(context);
  out.share(args[0]);
  for_rows<Str, std::int64_t>(context, args, [&](std::uint32_t row, const Str& s, std::int64_t length) {
    const std::string_view text = s.view();
    const std::string_view filler = args.size() == 3 ? args[2]->get<Str>(row).view() : std::string_view(" ");
    const std::int64_t missing = length - static_cast<std::int64_t>(code_points(text));
    if (missing <= 0 || length <= 0 || filler.empty()) return out.set_view(row, character_range(text, 0, length));
    std::string& to = out.scratch();
    if (too_long(missing, std::min<std::size_t>(filler.size(), 4))) {
      context.errors->add(row, kTextTooLong);
    } else if (kLeft) {
      append_padding(to, filler, missing);
      to += text;
    } else {
      to += text;
      append_padding(to, filler, missing);
    }
    out.set(row, to);
  });
  return out.take();
}

// Replaces `length` characters (those of `insert` if it is negative) at the position by `insert`.
std::shared_ptr<Column> overlay(const CallContext& context, Args args) {
  StringOutput out(context);
  for_rows<Str, Str, std::int64_t>(context, args,
                                   [&](std::uint32_t row, const Str& s, const Str& insert, std::int64_t position) {
                                     const std::string_view text = s.view();
                                     std::int64_t length = args.size() == 4 ? args[3]->get<std::int64_t>(row) : -1;
                                     if (length < 0) length = static_cast<std::int64_t>(code_points(insert.view()));
                                     const std::int64_t all = static_cast<std::int64_t>(text.size());
                                     position = std::clamp<std::int64_t>(position, 0, all + 1);
                                     std::string& to = out.scratch();
                                     to += character_range(text, 0, position - 1);
                                     to += insert.view();
                                     to += character_range(text, position - 1 + std::min(length, all), all);
                                     out.set(row, to);
                                   });
  return out.take();
}

std::shared_ptr<Column> chr(const CallContext& context, Args args) {
  return map_text<std::int64_t>(context, args, [](std::int64_t code, StringOutput& out, std::uint32_t row) {
    std::string& to = out.scratch();
    if (code >= 0) append_character(to, static_cast<char32_t>(code & 0xFF));
    out.set(row, to);
  });
}

}  // namespace

void register_string_fill(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  const TypeRef text = types::string();
  const TypeRef number = types::bigint();
  strings.add({{2, 2},
               "repeat(s, n)",
               "Gives the text n times.",
               "repeat('ab', 2) = 'abab'",
               fixed({text, number}, text, repeat, kFails)});
  strings.add({{1, 1}, "space(n)", "Gives n spaces.", "space(2) = '  '", fixed({number}, text, space, kFails)});
  strings.add({{2, 3},
               "lpad(s, len [, pad])",
               "Fills the text up to len characters on the left, or cuts it to len.",
               "lpad('7', 3, '0') = '007'",
               fixed({text, number, text}, text, pad<true>, kFails)});
  strings.add({{2, 3},
               "rpad(s, len [, pad])",
               "Fills the text up to len characters on the right, or cuts it to len.",
               "rpad('a', 3, 'xy') = 'axy'",
               fixed({text, number, text}, text, pad<false>, kFails)});
  strings.add({{3, 4},
               "overlay(s, insert, pos [, len])",
               "Puts insert in the place of len characters (as many as it has) from pos on.",
               "overlay('Spark SQL', '_', 6) = 'Spark_SQL'",
               fixed({text, text, number, number}, text, overlay)});
  strings.add(
      {{1, 1}, "chr(n)", "Gives the character with the code n % 256.", "chr(65) = 'A'", fixed({number}, text, chr)});
  strings.alias("char", "chr");
}

}  // namespace sr::expr
