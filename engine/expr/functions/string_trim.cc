// trim, ltrim, rtrim, btrim: cutting characters off the ends. Entry point: register_string_trim. `trim(both x from s)`
// arrives as trim(x, s). Tested in tests/unit/expr/strings_test.cc.
#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

enum Side : std::uint8_t { kLeft = 1, kRight = 2, kBoth = 3 };

// Tells whether a character is one of `set`.
bool one_of(std::string_view character, std::string_view set) {
  for (std::size_t at = 0; at < set.size();) {
    const std::size_t size = character_size(set, at);
    if (set.substr(at, size) == character) return true;
    at += size;
  }
  return false;
}

template <Side kSide>
std::string_view trim_spaces(std::string_view text) {
  std::size_t begin = 0;
  std::size_t end = text.size();
  if (kSide & kLeft) {
    while (begin < end && text[begin] == ' ') ++begin;
  }
  if (kSide & kRight) {
    while (end > begin && text[end - 1] == ' ') --end;
  }
  return text.substr(begin, end - begin);
}

template <Side kSide>
std::string_view trim_set(std::string_view text, std::string_view set) {
  if (kSide & kLeft) {
    while (!text.empty()) {
      const std::size_t size = character_size(text, 0);
      if (!one_of(text.substr(0, size), set)) break;
      text.remove_prefix(size);
    }
  }
  if (kSide & kRight) {
    while (!text.empty()) {
      std::size_t begin = text.size() - 1;
      while (begin > 0 && is_continuation(text[begin])) --begin;
      if (!one_of(text.substr(begin), set)) break;
      text.remove_suffix(text.size() - begin);
    }
  }
  return text;
}

// One argument: spaces. Two: the text and the characters, in the given places.
template <Side kSide, int kText, int kSet>
std::shared_ptr<Column> trim_kernel(const CallContext& context, Args args) {
  StringOutput out(context);
  if (args.size() == 1) {
    out.share(args[0]);
    for_rows<Str>(context, args,
                  [&](std::uint32_t row, const Str& s) { out.set_view(row, trim_spaces<kSide>(s.view())); });
    return out.take();
  }
  out.share(args[kText]);
  const Reader<Str> texts(*args[kText]);
  const Reader<Str> sets(*args[kSet]);
  context.selection.for_each(
      [&](std::uint32_t row) { out.set_view(row, trim_set<kSide>(texts[row].view(), sets[row].view())); });
  return out.take();
}

}  // namespace

void register_string_trim(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  const auto rule = [](Kernel kernel) { return fixed({types::string(), types::string()}, types::string(), kernel); };
  strings.add({{1, 2},
               "trim([chars,] s)",
               "Cuts spaces, or any of the characters, off both ends; also `trim(both chars from s)`.",
               "trim('  a ') = 'a'",
               rule(trim_kernel<kBoth, 1, 0>)});
  strings.add({{1, 2},
               "ltrim([chars,] s)",
               "Cuts spaces, or any of the characters, off the left end.",
               "ltrim('  a ') = 'a '",
               rule(trim_kernel<kLeft, 1, 0>)});
  strings.add({{1, 2},
               "rtrim([chars,] s)",
               "Cuts spaces, or any of the characters, off the right end.",
               "rtrim('  a ') = '  a'",
               rule(trim_kernel<kRight, 1, 0>)});
  strings.add({{1, 2},
               "btrim(s [, chars])",
               "Cuts spaces, or any of the characters, off both ends.",
               "btrim('xxabxx', 'x') = 'ab'",
               rule(trim_kernel<kBoth, 0, 1>)});
}

}  // namespace sr::expr
