// str_to_map: a text into a map of texts. Entry point: register_map_text. Tested in tests/unit/expr/maps_test.cc.
#include <algorithm>

#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/split.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

// A separator and what it needs to work.
struct Cutter {
  std::string pattern;
  std::shared_ptr<const Splitter> splitter;
  std::unique_ptr<Matcher> matcher;
  std::string error;

  void use(std::string_view wanted) {
    if (splitter && wanted == pattern) return;
    pattern = wanted;
    error.clear();
    matcher.reset();
    splitter = Splitter::compile(wanted, &error);
  }
  // Gives the parts, or fills `error`.
  std::vector<Str> cut(const Str& text, std::int64_t limit) {
    Parts parts(8);
    const char* failure = splitter ? splitter->split(text, limit, parts, matcher) : error.c_str();
    if (failure) error = failure;
    const std::uint32_t count = parts.size();
    const Vec<std::byte> views = parts.take();
    const Str* begin = reinterpret_cast<const Str*>(views.data());
    return failure ? std::vector<Str>() : std::vector<Str>(begin, begin + count);
  }
};

// Appends the entries of one text; nothing or what is wrong.
std::string append_entries(ColumnBuilder& builder, const Str& text, Cutter& entries, Cutter& sides) {
  std::vector<std::string> seen;
  const std::vector<Str> parts = entries.cut(text, -1);
  if (!entries.error.empty()) return entries.error;
  for (const Str& entry : parts) {
    const std::vector<Str> pair = sides.cut(entry, 2);
    if (!sides.error.empty()) return sides.error;
    std::string key(pair[0].view());
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) return "duplicate map key " + key;
    builder.child(0).append_string(key);
    if (pair.size() > 1) {
      builder.child(1).append_string(pair[1].view());
    } else {
      builder.child(1).append_null();
    }
    seen.push_back(std::move(key));
  }
  return {};
}

std::shared_ptr<Column> str_to_map(const CallContext& context, Args args) {
  Cutter entries;
  Cutter sides;
  return build_rows(context, [&](std::uint32_t row, ColumnBuilder& builder) {
    entries.use(args.size() > 1 ? args[1]->get<Str>(row).view() : std::string_view(","));
    sides.use(args.size() > 2 ? args[2]->get<Str>(row).view() : std::string_view(":"));
    const std::string error = append_entries(builder, args[0]->get<Str>(row), entries, sides);
    if (!error.empty()) context.errors->add(row, error);
    builder.end_list();
  });
}

}  // namespace

void register_map_text(FunctionRegistry& registry) {
  Family maps(registry, "maps");
  const TypeRef text = types::string();
  maps.add({{1, 3},
            "str_to_map(s [, between_entries [, between_sides]])",
            "Cuts a text such as `a:1,b:2` into a map; the separators are regular expressions.",
            "str_to_map('a:1,b:2')['b'] = '2'",
            fixed({text, text, text}, types::map(text), str_to_map, kFails)});
}

}  // namespace sr::expr
