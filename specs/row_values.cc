#include "specs/row_values.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/data/builder.h"
#include "engine/data/codec.h"
#include "specs/bind.h"

namespace sr::specs {

namespace {

bool fail(const RowReporter& reporter, Span span, std::string message, std::string help = {}) {
  reporter.report({.code = reporter.code, .message = std::move(message), .span = span, .help = std::move(help)});
  return false;
}

std::optional<std::int64_t> read_integer(const std::string& text) {
  const std::string_view digits = text.starts_with('-') ? std::string_view(text).substr(1) : std::string_view(text);
  if (digits.empty() || (digits[0] == '0' && text != "0")) return std::nullopt;
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> read_number(const std::string& text) {
  const std::string_view digits = text.starts_with('-') ? std::string_view(text).substr(1) : std::string_view(text);
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.')) return std::nullopt;
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec == std::errc::result_out_of_range && end.ptr == text.data() + text.size())
    return std::strtod(text.c_str(), nullptr);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// YAML's `.nan` and `.inf` as the words of JSON mapping.
std::string special_number(const std::string& text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN" || text == "NaN") return "NaN";
  if (text == ".inf" || text == ".Inf" || text == "+.inf" || text == "Infinity") return "Infinity";
  if (text == "-.inf" || text == "-.Inf" || text == "-Infinity") return "-Infinity";
  return {};
}

// JSON of a value whose type is not declared: YAML's core schema.
nlohmann::json plain_json(const SpecValue& value) {
  if (value.is_null()) return nullptr;
  if (value.is_list()) {
    nlohmann::json list = nlohmann::json::array();
    for (const SpecValue& item : value.items) list.push_back(plain_json(item));
    return list;
  }
  if (value.is_map()) {
    nlohmann::json map = nlohmann::json::object();
    for (const SpecEntry& entry : value.entries) map[entry.key] = plain_json(entry.value);
    return map;
  }
  if (value.style != SpecValue::Style::plain) return value.text;
  if (value.text == "true" || value.text == "false") return value.text == "true";
  if (const auto integer = read_integer(value.text)) return *integer;
  if (const auto number = read_number(value.text)) return *number;
  return value.text;
}

using Json = std::optional<nlohmann::json>;

Json scalar_json(const SpecValue& value, const Type& type, const RowReporter& reporter) {
  const auto wrong = [&](const char* help = "") -> Json {
    fail(reporter, value.span,
         fmt::format("expected {}, got `{}`{}", type.name(), value.text,
                     value.style == SpecValue::Style::plain ? "" : ", a string"),
         help);
    return std::nullopt;
  };
  const bool plain = value.style == SpecValue::Style::plain || value.interpolated;
  switch (type.id) {
    case TypeId::boolean:
      if (!plain || (value.text != "true" && value.text != "false")) return wrong("booleans are `true` and `false`");
      return nlohmann::json(value.text == "true");
    case TypeId::bigint: {
      const auto integer = read_integer(value.text);
      if (!plain || !integer) return wrong();
      return nlohmann::json(*integer);
    }
    case TypeId::float64: {
      if (const std::string special = special_number(value.text); !special.empty()) return nlohmann::json(special);
      const auto number = read_number(value.text);
      if (!plain || !number) return wrong();
      return nlohmann::json(*number);
    }
    default:
      return nlohmann::json(value.text);
  }
}

Json list_json(const SpecValue& value, const Type& type, const RowReporter& reporter) {
  nlohmann::json list = nlohmann::json::array();
  bool sound = true;
  for (const SpecValue& item : value.items) {
    Json element = to_json(item, type.element(), reporter);
    if (element) list.push_back(std::move(*element));
    sound = sound && element.has_value();
  }
  if (!sound) return std::nullopt;
  return list;
}

Json map_json(const SpecValue& value, const Type& type, const RowReporter& reporter) {
  nlohmann::json map = nlohmann::json::object();
  bool sound = true;
  for (const SpecEntry& entry : value.entries) {
    TypeRef field = type.id == TypeId::map ? type.fields[0].type : nullptr;
    std::string name = entry.key;
    for (const Field& candidate : type.fields) {
      if (type.id != TypeId::structure || !same_name(candidate.name, entry.key)) continue;
      field = candidate.type;
      name = candidate.name;
    }
    if (!field) {
      std::vector<std::string> names;
      for (const Field& candidate : type.fields) names.push_back(candidate.name);
      const std::string near = nearest(entry.key, names);
      reporter.report({.code = reporter.code,
                       .message = fmt::format("unknown field `{}` of {}", entry.key, type.name()),
                       .span = entry.key_span,
                       .label = near.empty() ? "" : "did you mean `" + near + "`?",
                       .suggestion = near});
      sound = false;
      continue;
    }
    Json element = to_json(entry.value, field, reporter);
    if (element) map[name] = std::move(*element);
    sound = sound && element.has_value();
  }
  if (!sound) return std::nullopt;
  return map;
}

}  // namespace

Json to_json(const SpecValue& value, const TypeRef& type, const RowReporter& reporter) {
  if (value.is_null()) return nlohmann::json(nullptr);
  if (!type || type->id == TypeId::variant) {
    // A variant holds JSON text; a string is a string of it.
    return plain_json(value);
  }
  const bool wants_list = type->id == TypeId::array;
  const bool wants_map = type->id == TypeId::structure || type->id == TypeId::map;
  if (value.is_list() && wants_list) return list_json(value, *type, reporter);
  if (value.is_map() && wants_map) return map_json(value, *type, reporter);
  if (value.is_scalar() && !wants_list && !wants_map) return scalar_json(value, *type, reporter);
  fail(reporter, value.span,
       fmt::format("expected {}, got {}", type->name(),
                   value.is_list()  ? "a list"
                   : value.is_map() ? "a map"
                                    : "`" + value.text + "`"));
  return std::nullopt;
}

std::optional<std::vector<RowCell>> resolve_row(const SpecValue& row, const Schema& schema,
                                                const RowReporter& reporter) {
  std::vector<RowCell> cells;
  if (row.is_map()) {
    bool sound = true;
    for (const SpecEntry& entry : row.entries) {
      const auto column = schema.find(entry.key);
      if (column) {
        cells.push_back({static_cast<std::uint32_t>(*column), &entry.value});
        continue;
      }
      sound = false;
      const std::string near = nearest(entry.key, schema.names());
      reporter.report({.code = reporter.code,
                       .message = fmt::format("unknown column `{}`", entry.key),
                       .span = entry.key_span,
                       .label = near.empty() ? "" : "did you mean `" + near + "`?",
                       .help = "columns: " + schema.to_text(),
                       .suggestion = near});
    }
    if (!sound) return std::nullopt;
    return cells;
  }
  if (row.is_list()) {
    if (row.items.size() != schema.size()) {
      fail(reporter, row.span, fmt::format("the row has {} values for {} columns", row.items.size(), schema.size()),
           "columns: " + schema.to_text());
      return std::nullopt;
    }
    for (std::uint32_t i = 0; i < schema.size(); ++i) cells.push_back({i, &row.items[i]});
    return cells;
  }
  if (schema.size() != 1) {
    fail(reporter, row.span, fmt::format("a bare value is a row of one column, and there are {}", schema.size()),
         "columns: " + schema.to_text());
    return std::nullopt;
  }
  return std::vector<RowCell>{{0, &row}};
}

bool check_cell(const SpecValue& value, const Field& field, const RowReporter& reporter) {
  if (!field.type) return true;
  const Json json = to_json(value, field.type, reporter);
  if (!json) return false;
  ColumnBuilder builder(field.type);
  const Status appended = append_json(builder, *json);
  return appended.ok() || fail(reporter, value.span, fmt::format("`{}`: {}", field.name, appended.error().message));
}

namespace {

// Appends one row to the builders; reports what does not fit.
bool append_row(const SpecValue& row, const Schema& schema, std::vector<ColumnBuilder>& builders,
                const RowReporter& reporter) {
  const auto cells = resolve_row(row, schema, reporter);
  if (!cells) return false;
  std::vector<const SpecValue*> values(schema.size(), nullptr);
  for (const RowCell& cell : *cells) values[cell.column] = cell.value;
  bool sound = true;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (!values[i]) {
      builders[i].append_null();
      continue;
    }
    const Json json = to_json(*values[i], schema.fields[i].type, reporter);
    if (!json) {
      sound = false;
      continue;
    }
    const Status appended = append_json(builders[i], *json);
    if (!appended.ok())
      sound = fail(reporter, values[i]->span, fmt::format("`{}`: {}", schema.fields[i].name, appended.error().message));
  }
  return sound;
}

}  // namespace

std::optional<std::vector<Chunk>> decode_rows(const SpecValue& list, const SchemaRef& schema,
                                              const RowReporter& reporter) {
  if (!list.is_list()) {
    if (list.is_null()) return std::vector<Chunk>{};
    fail(reporter, list.span, fmt::format("rows are a list, not {}", list.is_map() ? "a map" : "`" + list.text + "`"),
         "`[{a: 1}, {a: 2}]`");
    return std::nullopt;
  }
  std::vector<Chunk> chunks;
  bool sound = true;
  for (std::size_t first = 0; first < list.items.size(); first += kChunkRows) {
    std::vector<ColumnBuilder> builders;
    for (const Field& field : schema->fields) builders.emplace_back(field.type);
    const std::size_t count = std::min<std::size_t>(kChunkRows, list.items.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      if (append_row(list.items[first + i], *schema, builders, reporter)) continue;
      sound = false;
      builders.clear();
      for (const Field& field : schema->fields) builders.emplace_back(field.type);
    }
    if (!sound) continue;
    Chunk chunk;
    chunk.schema = schema;
    chunk.rows = static_cast<std::uint32_t>(count);
    for (ColumnBuilder& builder : builders) chunk.columns.push_back(builder.finish());
    chunks.push_back(std::move(chunk));
  }
  if (!sound) return std::nullopt;
  return chunks;
}

std::optional<std::vector<Chunk>> BindContext::rows(const SpecValue& list, const SchemaRef& schema) {
  if (!schema || list.opaque) return std::nullopt;
  return decode_rows(list, schema, {"SR2124", [this](Diagnostic finding) { report(std::move(finding)); }});
}

}  // namespace sr::specs
