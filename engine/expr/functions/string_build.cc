// Making strings of strings: concat, concat_ws, replace, translate, reverse. Entry point: register_string_build;
// filling (repeat, lpad, …) is in string_fill.cc. Tested in tests/unit/expr/strings_test.cc.
#include <algorithm>
#include <cstring>

#include "engine/data/codec.h"
#include "engine/data/text_find.h"
#include "engine/expr/functions/array_kernels.h"
#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"

namespace sr::expr {

namespace {

std::shared_ptr<Column> concat_texts(const CallContext& context, Args args) {
  StringOutput out(context);
  std::vector<Reader<Str>> readers;
  for (const ColumnRef& arg : args) readers.emplace_back(*arg);
  char small[Str::kInline];
  context.selection.for_each([&](std::uint32_t row) {
    std::size_t size = 0;
    for (const auto& reader : readers) size += reader[row].size;
    char* to = size <= Str::kInline ? small : out.allocate(size);
    char* at = to;
    for (const auto& reader : readers) {
      const Str& part = reader[row];
      std::memcpy(at, part.data(), part.size);
      at += part.size;
    }
    out.set_view(row, std::string_view(to, size));
  });
  return out.take();
}

bool resolve_concat(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const auto is = [](TypeId id) { return [id](const TypeRef& type) { return type->id == id; }; };
  if (std::any_of(input.types.begin(), input.types.end(), is(TypeId::array))) {
    if (!resolve_same_arrays(input, call, error)) return false;
    call->kernel = concat_arrays;
    return true;
  }
  const bool bytes = !input.types.empty() && std::all_of(input.types.begin(), input.types.end(), is(TypeId::binary));
  const TypeRef type = bytes ? types::binary() : types::string();
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    if (!check_argument(input, i, type, error)) return false;
  }
  call->params.assign(input.types.size(), type);
  set_call(call, type, concat_texts);
  return true;
}

// Appends a text behind a separator, unless it is the first.
struct Joiner {
  std::string& out;
  std::string_view separator;
  bool first = true;

  void add(std::string_view text) {
    if (!first) out += separator;
    first = false;
    out += text;
  }
};

void join_argument(Joiner& joiner, const Column& column, std::uint32_t row) {
  if (!column.valid(row)) return;
  if (column.type->id != TypeId::array) return joiner.add(column.get<Str>(row).view());
  const Column& elements = *column.children[0];
  for (std::uint32_t i = column.begin_of(row); i < column.end_of(row); ++i) {
    if (elements.valid(i)) joiner.add(elements.get<Str>(i).view());
  }
}

std::shared_ptr<Column> concat_ws(const CallContext& context, Args args) {
  StringOutput out(context);
  context.selection.for_each([&](std::uint32_t row) {
    if (!args[0]->valid(row)) return out.set_null(row);
    Joiner joiner{out.scratch(), args[0]->get<Str>(row).view()};
    for (const ColumnRef& arg : args.subspan(1)) join_argument(joiner, *arg, row);
    out.set(row, joiner.out);
  });
  return out.take();
}

bool resolve_concat_ws(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    const bool list = i > 0 && input.types[i]->id == TypeId::array;
    call->params.push_back(list ? types::array(types::string()) : types::string());
    if (!check_argument(input, i, call->params.back(), error)) return false;
  }
  set_call(call, types::string(), concat_ws, kHandlesNulls);
  return true;
}

void replace_all(std::string& out, std::string_view text, std::string_view from, std::string_view to) {
  std::size_t begin = 0;
  for (std::size_t at; (at = find_text(text, from, begin)) != std::string_view::npos; begin = at + from.size()) {
    out.append(text, begin, at - begin);
    out += to;
  }
  out.append(text, begin);
}

std::shared_ptr<Column> replace(const CallContext& context, Args args) {
  StringOutput out(context);
  out.share(args[0]);
  const Reader<Str> froms(*args[1]);
  for_rows<Str>(context, args, [&](std::uint32_t row, const Str& s) {
    const std::string_view text = s.view();
    const std::string_view from = froms[row].view();
    if (from.empty() || find_text(text, from) == std::string_view::npos) return out.set_view(row, s);
    std::string& to = out.scratch();
    replace_all(to, text, from, args.size() == 3 ? args[2]->get<Str>(row).view() : std::string_view());
    out.set(row, to);
  });
  return out.take();
}

// What translate does to each character of `from`: the one in the same place of `to`, or nothing. The first mention
// counts.
struct Translation {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;

  Translation(std::string_view from, std::string_view to) {
    std::size_t j = 0;
    for (std::size_t i = 0; i < from.size();) {
      const std::string_view source = from.substr(i, character_size(from, i));
      i += source.size();
      std::string_view target;
      if (j < to.size()) target = to.substr(j, character_size(to, j));
      j += target.size();
      pairs.emplace_back(source, target);
    }
  }
  void append(std::string& out, std::string_view character) const {
    for (const auto& [source, target] : pairs) {
      if (source != character) continue;
      out += target;
      return;
    }
    out += character;
  }
};

std::shared_ptr<Column> translate(const CallContext& context, Args args) {
  return map_text<Str, Str, Str>(
      context, args, [](const Str& s, const Str& from, const Str& to, StringOutput& out, std::uint32_t row) {
        const Translation translation(from.view(), to.view());
        const std::string_view text = s.view();
        std::string& result = out.scratch();
        for (std::size_t at = 0; at < text.size();) {
          const std::size_t size = character_size(text, at);
          translation.append(result, text.substr(at, size));
          at += size;
        }
        out.set(row, result);
      });
}

std::shared_ptr<Column> reverse_text(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [](const Str& s, StringOutput& out, std::uint32_t row) {
    const std::string_view text = s.view();
    std::string& to = out.scratch();
    for (std::size_t end = text.size(); end > 0;) {
      std::size_t begin = end - 1;
      while (begin > 0 && is_continuation(text[begin])) --begin;
      to.append(text, begin, end - begin);
      end = begin;
    }
    out.set(row, to);
  });
}

bool resolve_reverse(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types[0]->id == TypeId::array) {
    set_call(call, input.types[0], reverse_array);
    call->params = {input.types[0]};
    return true;
  }
  return fixed({types::string()}, types::string(), reverse_text)(input, call, error);
}

}  // namespace

void register_string_build(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  const TypeRef text = types::string();
  strings.add({{0, kAnyNumber},
               "concat(v, …)",
               "Joins texts (numbers and booleans are cast) or arrays.",
               "concat('a', 1, true) = 'a1true'",
               resolve_concat});
  strings.add({{1, kAnyNumber},
               "concat_ws(sep, v, …)",
               "Joins texts and arrays of texts with a separator, leaving NULLs out.",
               "concat_ws('/', array('a', null), 'b') = 'a/b'",
               resolve_concat_ws});
  strings.add({{2, 3},
               "replace(s, from [, to])",
               "Puts to (nothing by default) in the place of every from.",
               "replace('hello', 'l', 'L') = 'heLLo'",
               fixed({text, text, text}, text, replace)});
  strings.add({{3, 3},
               "translate(s, from, to)",
               "Puts the character of to in the place of the one of from, and deletes those without one.",
               "translate('hello', 'eo', '3') = 'h3ll'",
               fixed({text, text, text}, text, translate)});
  strings.add({{1, 1},
               "reverse(v)",
               "Turns the characters of a text or the elements of an array around.",
               "reverse('héy') = 'yéh'",
               resolve_reverse});
}

}  // namespace sr::expr
