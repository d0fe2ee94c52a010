// Casts of variants: the JSON value becomes what a cast of its text or number gives; JSON null is NULL. Without being
// asked (no context.prepared) a number must fit exactly. Entry point: cast_variant. Tested in
// tests/unit/expr/variant_test.cc.
#include <nlohmann/json.hpp>

#include "engine/data/codec.h"
#include "engine/expr/cast.h"
#include "engine/expr/json_scan.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

bool is_number(std::string_view json) {
  return json[0] == '-' || (json[0] >= '0' && json[0] <= '9');
}

// A JSON number as a bigint: `5.0` and `1e3` are whole; a fraction is cut only where a cast was written.
bool whole_number(std::string_view json, bool asked, std::int64_t* out) {
  if (parse_bigint(json, out)) return true;
  Int128 scaled = 0;
  if (parse_decimal(json, 38, 18, &scaled) != DecimalParse::ok) return false;
  const Int128 unit = 1000000000000000000;
  const Int128 whole = scaled / unit;
  if (whole < INT64_MIN || whole > INT64_MAX || (!asked && scaled % unit != 0)) return false;
  *out = static_cast<std::int64_t>(whole);
  return true;
}

// A JSON number where a bigint, boolean, date or timestamp (seconds) is wanted.
bool append_number(ColumnBuilder& builder, std::string_view json, bool asked) {
  std::int64_t whole = 0;
  double value = 0;
  switch (builder.type()->id) {
    case TypeId::bigint:
      return whole_number(json, asked, &whole) && (builder.append_int(whole), true);
    case TypeId::timestamp:
      if (!asked || !whole_number(json, true, &whole) || __builtin_mul_overflow(whole, std::int64_t{1000000}, &whole))
        return false;
      builder.append_int(whole);
      return true;
    case TypeId::boolean:
      return asked && parse_double(json, &value) && (builder.append_bool(value != 0), true);
    default:
      return false;
  }
}

bool append_parsed(ColumnBuilder& builder, std::string_view text) {
  const Type& type = *builder.type();
  std::int64_t whole = 0;
  double number = 0;
  bool truth = false;
  Int128 decimal = 0;
  switch (type.id) {
    case TypeId::bigint:
      return parse_bigint(text, &whole) && (builder.append_int(whole), true);
    case TypeId::float64:
      return parse_double(text, &number) && (builder.append_double(number), true);
    case TypeId::boolean:
      return parse_boolean(text, &truth) && (builder.append_bool(truth), true);
    case TypeId::decimal:
      return parse_decimal(text, type.precision, type.scale, &decimal) == DecimalParse::ok &&
             (builder.append_decimal(decimal), true);
    case TypeId::date:
      return parse_date(text, &whole) && (builder.append_int(whole), true);
    case TypeId::timestamp:
      return parse_timestamp(text, &whole) && (builder.append_int(whole), true);
    default:
      builder.append_string(text);
      return true;
  }
}

bool append_nested(ColumnBuilder& builder, std::string_view json) {
  const nlohmann::json value = nlohmann::json::parse(json, nullptr, false);
  return !value.is_discarded() && append_json(builder, value).ok();
}

// Appends one value, or says that it does not fit.
bool append_value(ColumnBuilder& builder, std::string_view json, bool asked) {
  const TypeId to = builder.type()->id;
  const bool text = json[0] == '"';
  if (to == TypeId::string) {
    if (text) {
      builder.append_string(json_string_value(json));
    } else {
      builder.append_string(json);
    }
    return true;
  }
  if (builder.type()->is_nested()) return append_nested(builder, json);
  if (json[0] == '{' || json[0] == '[') return false;
  if (text) return append_parsed(builder, json_string_value(json));
  const bool truth = json[0] == 't' || json[0] == 'f';
  if (truth && builder.type()->is_number()) return asked && append_parsed(builder, json[0] == 't' ? "1" : "0");
  const bool special = to == TypeId::bigint || to == TypeId::boolean || to == TypeId::timestamp || to == TypeId::date;
  if (is_number(json) && special) return append_number(builder, json, asked);
  return append_parsed(builder, json);
}

}  // namespace

std::shared_ptr<Column> cast_variant(const CallContext& context, const ColumnRef& from) {
  const Reader<Str> texts(*from);
  const bool asked = context.prepared != nullptr;
  return build_rows(context, [&](std::uint32_t row, ColumnBuilder& builder) {
    const std::string_view json = find_json(texts[row].view(), {});
    if (is_json_null(json)) return builder.append_null();
    const std::uint32_t before = builder.size();
    if (append_value(builder, json, asked)) return;
    if (builder.size() == before) builder.append_null();
    context.errors->add(row, cast_message(json, *context.result));
  });
}

}  // namespace sr::expr
