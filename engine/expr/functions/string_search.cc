// Lengths and places in strings: length, octet_length, instr, locate, startswith, contains, find_in_set, ascii. Entry
// point: register_string_search. Tested in tests/unit/expr/strings_test.cc.
#include <algorithm>
#include <cstring>

#include "engine/data/text_find.h"
#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

// The 1-based character at which `part` is found, from character `from` (1-based) on; 0 if it is not.
Int place(std::string_view text, std::string_view part, Int from) {
  if (from < 1) return 0;
  if (part.empty()) return 1;
  if (from > static_cast<Int>(text.size())) return 0;
  const std::size_t begin = code_point_offset(text, static_cast<std::size_t>(from - 1));
  const std::size_t found = find_text(text.substr(begin), part);
  if (found == std::string_view::npos) return 0;
  return static_cast<Int>(code_points(text.substr(0, begin + found))) + 1;
}

std::shared_ptr<Column> length(const CallContext& context, Args args) {
  return map_values<Int, Str>(context, args, [](const Str& s) { return code_points(s.view()); });
}

std::shared_ptr<Column> octet_length(const CallContext& context, Args args) {
  return map_values<Int, Str>(context, args, [](const Str& s) { return s.size; });
}

std::shared_ptr<Column> bit_length(const CallContext& context, Args args) {
  return map_values<Int, Str>(context, args, [](const Str& s) { return Int{8} * s.size; });
}

std::shared_ptr<Column> instr(const CallContext& context, Args args) {
  return map_values<Int, Str, Str>(context, args,
                                   [](const Str& s, const Str& part) { return place(s.view(), part.view(), 1); });
}

// locate(part, s, from): a NULL `from` gives 0, as in Spark and Hive.
std::shared_ptr<Column> locate(const CallContext& context, Args args) {
  Output<Int> out(context);
  const Reader<Str> parts(*args[0]);
  const Reader<Str> texts(*args[1]);
  context.selection.for_each([&](std::uint32_t row) {
    if (args.size() == 3 && !args[2]->valid(row)) {
      out[row] = 0;
    } else if (!parts.valid(row) || !texts.valid(row)) {
      out.set_null(row);
    } else {
      out[row] = place(texts[row].view(), parts[row].view(), args.size() == 3 ? args[2]->get<Int>(row) : 1);
    }
  });
  return out.take();
}

std::shared_ptr<Column> startswith(const CallContext& context, Args args) {
  return map_values<std::uint8_t, Str, Str>(
      context, args, [](const Str& s, const Str& part) { return s.view().starts_with(part.view()); });
}

std::shared_ptr<Column> endswith(const CallContext& context, Args args) {
  return map_values<std::uint8_t, Str, Str>(
      context, args, [](const Str& s, const Str& part) { return s.view().ends_with(part.view()); });
}

std::shared_ptr<Column> contains(const CallContext& context, Args args) {
  return map_values<std::uint8_t, Str, Str>(context, args, [](const Str& s, const Str& part) {
    return find_text(s.view(), part.view()) != std::string_view::npos;
  });
}

std::shared_ptr<Column> find_in_set(const CallContext& context, Args args) {
  return map_values<Int, Str, Str>(context, args, [](const Str& s, const Str& list) {
    if (s.view().find(',') != std::string_view::npos) return Int{0};
    std::string_view rest = list.view();
    for (Int place = 1;; ++place) {
      const std::size_t comma = rest.find(',');
      if (rest.substr(0, comma) == s.view()) return place;
      if (comma == std::string_view::npos) return Int{0};
      rest.remove_prefix(comma + 1);
    }
  });
}

std::shared_ptr<Column> ascii(const CallContext& context, Args args) {
  return map_values<Int, Str>(context, args, [](const Str& s) {
    std::size_t at = 0;
    return s.size == 0 ? Int{0} : static_cast<Int>(next_character(s.view(), &at));
  });
}

// The fewest insertions, deletions and replacements of characters that turn one text into the other.
Int edit_distance(std::string_view a, std::string_view b) {
  std::u32string from;
  std::u32string to;
  for (std::size_t at = 0; at < a.size();) from.push_back(next_character(a, &at));
  for (std::size_t at = 0; at < b.size();) to.push_back(next_character(b, &at));
  std::vector<Int> costs(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) costs[j] = static_cast<Int>(j);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    Int diagonal = costs[0];
    costs[0] = static_cast<Int>(i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const Int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = costs[j];
      costs[j] = std::min({replaced, costs[j] + 1, costs[j - 1] + 1});
    }
  }
  return costs[to.size()];
}

// Lengths whose product exceeds this are a row error: the table of the algorithm would take too long.
constexpr std::size_t kMaxEditWork = 16'000'000;

std::shared_ptr<Column> levenshtein(const CallContext& context, Args args) {
  return map_checked<Int, Str, Str>(context, args, [](const Str& a, const Str& b, Int& out) -> const char* {
    if (std::size_t{a.size} * b.size > kMaxEditWork) return "levenshtein of texts that are too long";
    out = edit_distance(a.view(), b.view());
    return nullptr;
  });
}

// A rule over one text or binary value, and over two of the same kind.
Resolver one(Kernel by_text, Kernel by_bytes) {
  return overloaded({{{types::string()}, types::bigint(), by_text}, {{types::binary()}, types::bigint(), by_bytes}});
}

Resolver two(Kernel kernel) {
  return overloaded({{{types::string(), types::string()}, types::boolean(), kernel},
                     {{types::binary(), types::binary()}, types::boolean(), kernel}});
}

void register_places(Family& strings) {
  const std::vector<TypeRef> texts = {types::string(), types::string()};
  const std::vector<TypeRef> texts_from = {types::string(), types::string(), types::bigint()};
  strings.add({{2, 2},
               "instr(s, sub)",
               "Gives the place of sub in s, from 1; 0 if it is not there.",
               "instr('banana', 'an') = 2",
               fixed(texts, types::bigint(), instr)});
  strings.add({{2, 3},
               "locate(sub, s [, from])",
               "Gives the place of sub in s at or behind from; 0 if it is not there.",
               "locate('an', 'banana', 3) = 4",
               fixed(texts_from, types::bigint(), locate, kHandlesNulls)});
  strings.alias("position", "locate");
  strings.alias("charindex", "locate");
  strings.add({{2, 2},
               "find_in_set(s, list)",
               "Gives the place of s among the comma-separated texts of list; 0 if it is not there.",
               "find_in_set('b', 'a,b,c') = 2",
               fixed(texts, types::bigint(), find_in_set)});
  strings.add({{2, 2},
               "levenshtein(a, b)",
               "Gives the edit distance of two texts.",
               "levenshtein('kitten', 'sitting') = 3",
               fixed(texts, types::bigint(), levenshtein, kFails)});
}

}  // namespace

void register_string_search(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  strings.add({{1, 1},
               "length(s)",
               "Gives the number of characters, or of the bytes of binary.",
               "length('héllo') = 5",
               one(length, octet_length)});
  for (const char* name : {"char_length", "character_length", "len"}) strings.alias(name, "length");
  strings.add({{1, 1},
               "octet_length(s)",
               "Gives the number of bytes in UTF-8.",
               "octet_length('é') = 2",
               one(octet_length, octet_length)});
  strings.add({{1, 1},
               "bit_length(s)",
               "Gives the number of bits in UTF-8.",
               "bit_length('é') = 16",
               one(bit_length, bit_length)});
  strings.add({{2, 2},
               "startswith(s, sub)",
               "Tells whether s begins with sub.",
               "startswith('banana', 'ba')",
               two(startswith)});
  strings.add(
      {{2, 2}, "endswith(s, sub)", "Tells whether s ends with sub.", "endswith('banana', 'na')", two(endswith)});
  strings.add(
      {{2, 2}, "contains(s, sub)", "Tells whether sub is found in s.", "contains('banana', 'nan')", two(contains)});
  strings.add({{1, 1},
               "ascii(s)",
               "Gives the code point of the first character, 0 for the empty text.",
               "ascii('abc') = 97",
               fixed({types::string()}, types::bigint(), ascii)});
  register_places(strings);
}

}  // namespace sr::expr
