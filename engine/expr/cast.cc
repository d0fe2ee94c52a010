// Which casts there are and which may fail; the dispatch to kernels by target. Entry points: can_cast, cast_column,
// cast_constant. Tested in tests/unit/expr/cast_test.cc.
#include "engine/expr/cast.h"

#include "engine/base/check.h"
#include "engine/expr/bind.h"
#include "engine/expr/eval.h"

namespace sr::expr {

namespace {

constexpr std::size_t kShownText = 60;

bool nested_pair(const Type& from, const Type& to, bool (*test)(const Type&, const Type&), bool all) {
  if (from.id != to.id || from.fields.size() != to.fields.size()) return false;
  for (std::size_t i = 0; i < from.fields.size(); ++i) {
    if (test(*from.fields[i].type, *to.fields[i].type) != all) return !all;
  }
  return all;
}

bool same(const Type& a, const Type& b) {
  return a == b;
}

bool number_cast(const Type& from, const Type& to) {
  return to.is_number() || to.id == TypeId::boolean || to.id == TypeId::timestamp;
}

int whole_digits(const Type& type) {
  return type.id == TypeId::bigint ? 19 : type.precision - type.scale;
}

bool to_decimal_can_fail(const Type& from, const Type& to) {
  if (from.id == TypeId::boolean) return to.precision == to.scale;
  if (from.id != TypeId::bigint && from.id != TypeId::decimal) return true;
  const int carry = from.scale > to.scale ? 1 : 0;
  return whole_digits(from) + carry > to.precision - to.scale;
}

}  // namespace

bool can_cast(const Type& from, const Type& to) {
  if (same(from, to) || from.id == TypeId::null || from.id == TypeId::variant || to.id == TypeId::variant) return true;
  if (to.id == TypeId::string) return true;
  if (from.is_nested() || to.is_nested()) return nested_pair(from, to, can_cast, true);
  switch (from.id) {
    case TypeId::string:
      return true;
    case TypeId::bigint:
    case TypeId::float64:
    case TypeId::decimal:
      return number_cast(from, to);
    case TypeId::boolean:
      return to.is_number();
    case TypeId::timestamp:
      return to.is_number() || to.id == TypeId::date;
    case TypeId::date:
      return to.id == TypeId::timestamp;
    default:
      return false;
  }
}

bool cast_can_fail(const Type& from, const Type& to) {
  if (same(from, to) || from.id == TypeId::null) return false;
  if (from.id == TypeId::variant) return to.id != TypeId::string;
  if (to.id == TypeId::string || to.id == TypeId::variant) return false;
  if (from.is_nested()) return nested_pair(from, to, cast_can_fail, false);
  if (from.id == TypeId::string) return to.id != TypeId::binary;
  if (to.id == TypeId::decimal) return to_decimal_can_fail(from, to);
  if (from.id == TypeId::float64) return to.id != TypeId::boolean;
  if (from.id == TypeId::decimal)
    return to.id == TypeId::timestamp || (to.id == TypeId::bigint && whole_digits(from) > 18);
  return from.id == TypeId::bigint && to.id == TypeId::timestamp;
}

bool widens(const Type& from, const Type& to) {
  if (same(from, to) || from.id == TypeId::null || from.id == TypeId::variant) return true;
  if (from.is_nested()) {
    if (from.id == TypeId::structure && to.id == TypeId::structure && from.fields.size() == to.fields.size()) {
      for (std::size_t i = 0; i < from.fields.size(); ++i) {
        if (!same_name(from.fields[i].name, to.fields[i].name)) return false;
      }
    }
    return nested_pair(from, to, widens, true);
  }
  if (to.id == TypeId::float64) return from.id == TypeId::bigint || from.id == TypeId::decimal;
  if (to.id == TypeId::decimal) {
    return (from.id == TypeId::bigint || from.id == TypeId::decimal) && from.scale <= to.scale &&
           whole_digits(from) <= to.precision - to.scale;
  }
  return from.id == TypeId::date && to.id == TypeId::timestamp;
}

std::string cast_message(std::string_view text, const Type& to) {
  std::string shown(text.substr(0, kShownText));
  while (text.size() > kShownText && !shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80)
    shown.pop_back();
  if (text.size() > kShownText) {
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
    shown += "…";
  }
  return "cannot cast '" + shown + "' to " + to.name();
}

std::shared_ptr<Column> cast_column(const CallContext& context, const ColumnRef& from) {
  const Type& to = *context.result;
  if (from->type->id == TypeId::variant) return cast_variant(context, from);
  switch (to.id) {
    case TypeId::bigint:
      return cast_to_bigint(context, from);
    case TypeId::float64:
      return cast_to_double(context, from);
    case TypeId::decimal:
      return cast_to_decimal(context, from);
    case TypeId::boolean:
      return cast_to_boolean(context, from);
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return cast_to_text(context, from);
    case TypeId::timestamp:
    case TypeId::date:
      return cast_to_time(context, from);
    default:
      return cast_nested(context, from);
  }
}

ColumnRef cast_constant(const ColumnRef& value, const TypeRef& to) {
  if (!value->valid(0)) return null_column(to, 1);
  RowErrors errors;
  CallContext context;
  context.selection = {nullptr, 1};
  context.rows = 1;
  context.errors = &errors;
  context.result = to;
  std::shared_ptr<Column> cast = cast_column(context, value);
  if (!errors.empty()) return nullptr;
  cast->size = 1;
  cast->constant = true;
  return cast;
}

}  // namespace sr::expr
