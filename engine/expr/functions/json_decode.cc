// Decoding JSON by type. Entry point: append_json_text. Tested in tests/unit/expr/json_test.cc.
#include "engine/expr/functions/json_decode.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace sr::expr {

namespace {

// Appends a value (checked JSON) by the builder's type.
void append_value(ColumnBuilder& out, std::string_view value);

bool is_quoted(std::string_view value) {
  return value[0] == '"' || value[0] == '\'';
}

bool is_number(std::string_view value) {
  return value[0] == '-' || (value[0] >= '0' && value[0] <= '9');
}

bool parse_whole(std::string_view value, std::int64_t* out) {
  const auto end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, *out);
  return error == std::errc() && at == end;
}

bool decode_double(std::string_view value, double* out) {
  if (is_number(value)) return parse_double(value, out);
  if (!is_quoted(value)) return false;
  const std::string text = json_text(value);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") {
    *out = std::nan("");
  } else if (text == "Infinity" || text == "+Infinity" || text == "+INF" || text == "INF") {
    *out = kInfinity;
  } else if (text == "-Infinity" || text == "-INF") {
    *out = -kInfinity;
  } else {
    return false;
  }
  return true;
}

void append_whole(ColumnBuilder& out, bool good, const std::int64_t& value) {
  if (good) {
    out.append_int(value);
  } else {
    out.append_null();
  }
}

void append_timestamp(ColumnBuilder& out, std::string_view value) {
  std::int64_t micros = 0;
  bool good = false;
  if (is_quoted(value)) {
    good = parse_timestamp(json_text(value), &micros);
  } else if (is_number(value) && parse_whole(value, &micros)) {
    good = !__builtin_mul_overflow(micros, std::int64_t{1'000'000}, &micros);
  }
  append_whole(out, good, micros);
}

void append_scalar(ColumnBuilder& out, std::string_view value) {
  const Type& type = *out.type();
  std::int64_t whole = 0;
  double number = 0;
  Int128 unscaled = 0;
  std::string bytes;
  switch (type.id) {
    case TypeId::boolean:
      if (value == "true" || value == "false") return out.append_bool(value == "true");
      return out.append_null();
    case TypeId::bigint:
      return append_whole(out, is_number(value) && parse_whole(value, &whole), whole);
    case TypeId::float64:
      return decode_double(value, &number) ? out.append_double(number) : out.append_null();
    case TypeId::decimal: {
      const std::string text = is_quoted(value) ? json_text(value) : std::string(value);
      const bool good = (is_quoted(value) || is_number(value)) &&
                        parse_decimal(text, type.precision, type.scale, &unscaled) == DecimalParse::ok;
      return good ? out.append_decimal(unscaled) : out.append_null();
    }
    case TypeId::date:
      return append_whole(out, is_quoted(value) && parse_date(json_text(value), &whole), whole);
    case TypeId::timestamp:
      return append_timestamp(out, value);
    case TypeId::binary:
      if (!is_quoted(value) || !decode_base64(json_text(value), &bytes)) return out.append_null();
      return out.append_string(bytes);
    case TypeId::string:
      return out.append_string(is_quoted(value) ? json_text(value) : std::string(value));
    case TypeId::variant:
      return out.append_string(value);
    default:
      return out.append_null();
  }
}

// Of equal names the last counts.
void append_structure(ColumnBuilder& out, std::string_view value) {
  const std::vector<Field>& fields = out.type()->fields;
  std::vector<std::string_view> values(fields.size());
  JsonReader reader(value);
  reader.peek();
  reader.enter();
  std::string name;
  bool end = false;
  while (reader.next_member(&name, &end) && !end) {
    std::string_view member;
    if (!reader.value(&member)) break;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name == name) values[i] = member;
    }
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (values[i].empty()) {
      out.child(i).append_null();
    } else {
      append_value(out.child(i), values[i]);
    }
  }
  out.end_struct();
}

void append_array(ColumnBuilder& out, std::string_view value) {
  JsonReader reader(value);
  reader.peek();
  reader.enter();
  bool end = false;
  std::string_view element;
  while (reader.next_element(&end) && !end && reader.value(&element)) append_value(out.child(0), element);
  out.end_list();
}

void append_map(ColumnBuilder& out, std::string_view value) {
  JsonReader reader(value);
  reader.peek();
  reader.enter();
  std::vector<std::pair<std::string, std::string_view>> entries;
  std::string name;
  bool end = false;
  std::string_view member;
  while (reader.next_member(&name, &end) && !end && reader.value(&member)) {
    bool again = false;
    for (auto& [known, known_value] : entries) {
      if (known != name) continue;
      known_value = member;
      again = true;
    }
    if (!again) entries.emplace_back(name, member);
  }
  for (const auto& [key, entry] : entries) {
    out.child(0).append_string(key);
    append_value(out.child(1), entry);
  }
  out.end_list();
}

void append_value(ColumnBuilder& out, std::string_view value) {
  const TypeId id = out.type()->id;
  if (value == "null") {
    if (id == TypeId::variant) return out.append_string(value);
    return out.append_null();
  }
  switch (id) {
    case TypeId::structure:
      return value[0] == '{' ? append_structure(out, value) : out.append_null();
    case TypeId::array:
      return value[0] == '[' ? append_array(out, value) : out.append_null();
    case TypeId::map:
      return value[0] == '{' ? append_map(out, value) : out.append_null();
    default:
      return append_scalar(out, value);
  }
}

// What becomes of a text that is not as the schema wants it.
void append_nothing(ColumnBuilder& out) {
  if (out.type()->id != TypeId::structure) return out.append_null();
  for (std::size_t i = 0; i < out.children(); ++i) out.child(i).append_null();
  out.end_struct();
}

// A structure may also be the first element of an array.
void append_first_element(ColumnBuilder& out, std::string_view value) {
  JsonReader reader(value);
  reader.peek();
  reader.enter();
  bool end = false;
  std::string_view element;
  if (!reader.next_element(&end) || end) return out.append_null();
  if (!reader.value(&element) || element[0] != '{') return append_nothing(out);
  append_structure(out, element);
}

}  // namespace

void append_json_text(ColumnBuilder& out, std::string_view text) {
  JsonReader reader(text);
  if (reader.peek() == '\0') return out.append_null();
  std::string_view value;
  if (!reader.value(&value)) return append_nothing(out);
  const TypeId id = out.type()->id;
  const char begin = value[0];
  if (begin == '{' && id == TypeId::structure) return append_structure(out, value);
  if (begin == '{' && id == TypeId::map) return append_map(out, value);
  if (begin == '[' && id == TypeId::array) return append_array(out, value);
  if (begin == '[' && id == TypeId::structure) return append_first_element(out, value);
  if (begin == '{' && id == TypeId::array && out.type()->element()->id == TypeId::structure) {
    append_structure(out.child(0), value);
    return out.end_list();
  }
  if (id == TypeId::variant) return out.append_string(value);
  append_nothing(out);
}

}  // namespace sr::expr
