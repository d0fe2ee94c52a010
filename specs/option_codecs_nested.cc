// How lists and maps become expressions by name, schemas, keys and names. Entry points: OptionCodec<…>::decode. Scalars
// are in option_codecs.cc. Tested in tests/unit/specs and tests/diagnostics.
#include <fmt/format.h>

#include <algorithm>

#include "specs/given_names.h"
#include "specs/option_codecs.h"
#include "specs/option_report.h"

namespace sr::specs {

namespace {

// More opening than closing brackets, outside of quotes: what a comma inside {…} leaves of `f(a, b)`.
int open_brackets(std::string_view text) {
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      --depth;
    }
  }
  return depth;
}

// Whether a flow map cut the value of entry `at` at a comma: its brackets are open and the next entry is a piece
// without a value.
bool is_cut(const SpecValue& map, std::size_t at) {
  const SpecValue& value = map.entries[at].value;
  return value.is_scalar() && value.style == SpecValue::Style::plain && open_brackets(value.text) > 0 &&
         at + 1 < map.entries.size() && map.entries[at + 1].value.is_null() && map.entries[at + 1].value.text.empty();
}

// Reports a cut value once and gives the index of the last piece that belongs to it.
std::size_t report_cut(const SpecValue& map, std::size_t at, const DecodeContext& context) {
  std::string whole = map.entries[at].value.text;
  std::size_t last = at;
  while (last + 1 < map.entries.size() && open_brackets(whole) > 0 && map.entries[last + 1].value.is_null()) {
    whole += ", " + map.entries[++last].key;
  }
  Span span = map.entries[at].value.span;
  span.end_line = map.entries[last].key_span.end_line;
  span.end_column = map.entries[last].key_span.end_column;
  context.diagnostics->add(
      {.code = "SR2115",
       .message = fmt::format("the value of `{}` ends at a comma: inside {{…}} a comma begins the next entry",
                              map.entries[at].key),
       .span = span,
       .label = "quote it: `\"" + whole + "\"`",
       .help = "quote the value, or write one entry per line",
       .suggestion = "\"" + whole + "\""});
  return last;
}

// A value that is not known now hides what depends on it.
bool unknown_value(const DecodeContext& context) {
  context.raise(Soundness::no_bind);
  return true;
}

bool report_duplicate(const std::string& name, Span span, const std::string& first, const DecodeContext& context) {
  context.diagnostics->add({.code = "SR2111",
                            .message = first == name
                                           ? fmt::format("column `{}` is given twice", name)
                                           : fmt::format("columns `{}` and `{}` differ only in case", first, name),
                            .span = span,
                            .help = "column names are compared without regard to case"});
  return false;
}

bool decode_expression(const SpecValue& value, ExprOption& out, const std::string& name, const DecodeContext& context) {
  if (value.opaque) {
    out.value = value;
    return true;
  }
  if (value.is_scalar() || (value.is_null() && !value.text.empty())) {
    out.text = value.text;
    out.value = value;
    if (value.text.find_first_not_of(" \t\r\n") != std::string::npos) return true;
  }
  if (value.is_scalar() || value.is_null()) {
    return report_value({.code = "SR2114", .message = fmt::format("`{}` has no expression", name)}, value, context);
  }
  return report_value(
      {.code = "SR2004",
       .message = fmt::format("`{}` is an expression, not a {}", name, value.is_list() ? "list" : "map"),
       .help = "quote an expression that begins with `[`, `{`, `*`, `&`, `!` or a quote"},
      value, context);
}

bool decode_field(const SpecEntry& entry, SchemaOption& out, const DecodeContext& context) {
  DecodeContext inner = context;
  inner.at = entry.key_span;
  OptionInfo row;
  row.name = entry.key;
  if (!is_scalar_value(entry.value, row, inner, "the type of a column, such as `bigint`")) return false;
  TypeError error;
  TypeRef type = parse_type(entry.value.text, &error);
  if (!type) {
    const std::size_t length = std::max<std::size_t>(error.length, 1);
    context.diagnostics->add(
        {.code = "SR2110",
         .message = error.message,
         .span = entry.value.locate(error.offset, error.offset + length),
         .label = error.suggestion.empty() ? "" : "did you mean `" + error.suggestion + "`?",
         .help = "types are boolean, bigint, double, string, binary, timestamp, date, decimal(p,s), array<T>, "
                 "struct<a: T>, map<string, T> and variant",
         .suggestion = error.suggestion});
    return false;
  }
  out.fields.push_back({entry.key, std::move(type)});
  out.spans.push_back(entry.key_span);
  return true;
}

bool decode_key_side(const SpecValue& value, std::vector<KeyOption::Column>& out, const OptionInfo& row,
                     const DecodeContext& context) {
  if (value.is_scalar()) {
    out.push_back({value.text, value.span});
    return true;
  }
  if (!value.is_list()) return is_scalar_value(value, row, context, "a column or a list of columns");
  bool sound = true;
  for (const SpecValue& item : value.items) {
    if (!is_scalar_value(item, row, context, "a list of columns")) {
      sound = false;
      continue;
    }
    const auto twice =
        std::find_if(out.begin(), out.end(), [&](const KeyOption::Column& c) { return same_name(c.name, item.text); });
    if (twice != out.end()) {
      sound = report_duplicate(item.text, item.span, twice->name, context);
    } else {
      out.push_back({item.text, item.span});
    }
  }
  return sound;
}

bool decode_two_sided(const SpecValue& value, KeyOption& out, const OptionInfo& row, const DecodeContext& context) {
  bool sound = true;
  out.two_sided = true;
  for (const SpecEntry& entry : value.entries) {
    if (entry.key == "left" || entry.key == "right") {
      sound &= decode_key_side(entry.value, entry.key == "left" ? out.columns : out.right, row, context);
      continue;
    }
    const std::string meant = nearest(entry.key, {"left", "right"});
    context.diagnostics->add({.code = "SR2003",
                              .message = fmt::format("unknown side `{}` in {}", entry.key, row.name),
                              .span = entry.key_span,
                              .label = meant.empty() ? "" : "did you mean `" + meant + "`?",
                              .help = "`key` of two sides is {left: a, right: b}",
                              .suggestion = meant});
    return false;
  }
  for (const char* side : {"left", "right"}) {
    if (value.find(side)) continue;
    return report_value(
        {.code = "SR2112", .message = fmt::format("`{}` names no columns of the {} side", row.name, side)}, value,
        context);
  }
  if (sound && out.columns.size() != out.right.size()) {
    return report_value({.code = "SR2112",
                         .message = fmt::format("`{}` has {} columns on the left and {} on the right", row.name,
                                                out.columns.size(), out.right.size())},
                        value, context);
  }
  return sound;
}

}  // namespace

bool OptionCodec<ExprOption>::decode(const SpecValue& value, ExprOption& out, const OptionInfo& row,
                                     const DecodeContext& context) {
  return decode_expression(value, out, row.name, context);
}

std::string OptionCodec<ExprOption>::text(const ExprOption& value) {
  return value.text;
}

bool OptionCodec<ExprMap>::decode(const SpecValue& value, ExprMap& out, const OptionInfo& row,
                                  const DecodeContext& context) {
  if (value.opaque) return unknown_value(context);
  if (!value.is_map() || value.entries.empty()) {
    const bool empty = value.is_null() || value.is_map() || (value.is_list() && value.items.empty());
    return report_value({.code = empty ? "SR2114" : "SR2004",
                         .message = empty ? fmt::format("`{}` is empty", row.name)
                                          : fmt::format("`{}` is a map, not {}", row.name,
                                                        value.is_list() ? "a list" : "`" + value.text + "`"),
                         .help = fmt::format("`{}` is {{column: expression, …}}", row.name)},
                        value, context);
  }
  bool sound = true;
  GivenNames given;
  for (std::size_t i = 0; i < value.entries.size(); ++i) {
    const SpecEntry& entry = value.entries[i];
    if (is_cut(value, i)) {
      i = report_cut(value, i, context);
      sound = false;
      continue;
    }
    if (const std::string* first = given.add(entry.key)) {
      sound = report_duplicate(entry.key, entry.key_span, *first, context);
      continue;
    }
    DecodeContext inner = context;
    inner.at = entry.key_span;
    NamedExpr named{entry.key, entry.key_span, {}};
    if (decode_expression(entry.value, named.expr, entry.key, inner)) {
      out.push_back(std::move(named));
    } else {
      sound = false;
    }
  }
  return sound;
}

std::string OptionCodec<ExprMap>::text(const ExprMap&) {
  return {};
}

bool OptionCodec<SchemaOption>::decode(const SpecValue& value, SchemaOption& out, const OptionInfo& row,
                                       const DecodeContext& context) {
  if (value.opaque) return unknown_value(context);
  out.present = true;
  out.span = value.span;
  if (!value.is_map() || value.entries.empty()) {
    const bool empty = value.is_null() || value.is_map();
    return report_value({.code = empty ? "SR2114" : "SR2004",
                         .message = empty ? fmt::format("`{}` declares no columns", row.name)
                                          : fmt::format("`{}` is a map of columns and types, not {}", row.name,
                                                        value.is_list() ? "a list" : "`" + value.text + "`"),
                         .help = fmt::format("`{}` is {{column: type, …}}", row.name)},
                        value, context);
  }
  bool sound = true;
  GivenNames given;
  for (std::size_t i = 0; i < value.entries.size(); ++i) {
    const SpecEntry& entry = value.entries[i];
    if (entry.value.opaque) {
      unknown_value(context);
    } else if (is_cut(value, i)) {
      i = report_cut(value, i, context);
      sound = false;
    } else if (const std::string* first = given.add(entry.key)) {
      sound = report_duplicate(entry.key, entry.key_span, *first, context);
    } else if (!decode_field(entry, out, context)) {
      sound = false;
    }
  }
  return sound;
}

std::string OptionCodec<SchemaOption>::text(const SchemaOption&) {
  return {};
}

bool OptionCodec<KeyOption>::decode(const SpecValue& value, KeyOption& out, const OptionInfo& row,
                                    const DecodeContext& context) {
  if (value.opaque) return unknown_value(context);
  out.present = true;
  out.span = value.span;
  if (value.is_map()) return decode_two_sided(value, out, row, context);
  return decode_key_side(value, out.columns, row, context);
}

std::string OptionCodec<KeyOption>::text(const KeyOption&) {
  return {};
}

bool OptionCodec<NameOption>::decode(const SpecValue& value, NameOption& out, const OptionInfo& row,
                                     const DecodeContext& context) {
  if (value.opaque) return unknown_value(context);
  if (!is_scalar_value(value, row, context, "a name")) return false;
  if (value.text.empty())
    return report_value({.code = "SR2114", .message = fmt::format("`{}` is empty", row.name)}, value, context);
  out = {value.text, value.span};
  return true;
}

std::string OptionCodec<NameOption>::text(const NameOption& value) {
  return value.name;
}

bool OptionCodec<std::vector<NameOption>>::decode(const SpecValue& value, std::vector<NameOption>& out,
                                                  const OptionInfo& row, const DecodeContext& context) {
  if (value.opaque) return unknown_value(context);
  std::vector<KeyOption::Column> names;
  if (value.is_map()) {
    return report_value({.code = "SR2004", .message = fmt::format("`{}` is a list of names, not a map", row.name)},
                        value, context);
  }
  const bool sound = decode_key_side(value, names, row, context);
  for (KeyOption::Column& name : names) out.push_back({std::move(name.name), name.span});
  return sound;
}

std::string OptionCodec<std::vector<NameOption>>::text(const std::vector<NameOption>&) {
  return {};
}

bool OptionCodec<std::vector<std::string>>::decode(const SpecValue& value, std::vector<std::string>& out,
                                                   const OptionInfo& row, const DecodeContext& context) {
  if (value.opaque) return unknown_value(context);
  if (value.is_scalar()) {
    out = {value.text};
    return true;
  }
  if (!value.is_list()) return is_scalar_value(value, row, context, "a list of strings");
  if (value.items.empty() && row.required)
    return report_value({.code = "SR2114", .message = fmt::format("`{}` is an empty list", row.name)}, value, context);
  out.clear();
  bool sound = true;
  for (const SpecValue& item : value.items) {
    if (is_scalar_value(item, row, context, "a list of strings")) {
      out.push_back(item.text);
    } else {
      sound = false;
    }
  }
  return sound;
}

std::string OptionCodec<std::vector<std::string>>::text(const std::vector<std::string>& value) {
  std::string text;
  for (const std::string& item : value) text += (text.empty() ? "" : ", ") + OptionCodec<std::string>::text(item);
  return text.empty() ? "" : "[" + text + "]";
}

bool OptionCodec<RawOption>::decode(const SpecValue& value, RawOption& out, const OptionInfo& row,
                                    const DecodeContext& context) {
  out.value = value;
  return true;
}

std::string OptionCodec<RawOption>::text(const RawOption&) {
  return {};
}

}  // namespace sr::specs
