// Comparison: = <> < <= > >= <=> over every type that has an order, and `in` over a list that is no constant. NaN
// equals NaN and is the greatest; strings compare by bytes. Entry point: register_comparison. Tested in
// tests/unit/expr/comparison_test.cc.
#include <cmath>

#include "engine/expr/bind.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

enum class Relation : std::uint8_t { equal, unequal, less, at_most, greater, at_least };

template <class T>
struct Order {
  static bool equal(const T& a, const T& b) { return a == b; }
  static bool less(const T& a, const T& b) { return a < b; }
};
template <>
struct Order<double> {
  static bool equal(double a, double b) { return a == b || (a != a && b != b); }
  static bool less(double a, double b) { return a < b || (a == a && b != b); }
};
template <>
struct Order<Str> {
  static bool equal(const Str& a, const Str& b) { return a == b; }
  static bool less(const Str& a, const Str& b) { return a.compare(b) < 0; }
};

template <class T, Relation kRelation>
bool holds(const T& a, const T& b) {
  switch (kRelation) {
    case Relation::equal:
      return Order<T>::equal(a, b);
    case Relation::unequal:
      return !Order<T>::equal(a, b);
    case Relation::less:
      return Order<T>::less(a, b);
    case Relation::at_most:
      return !Order<T>::less(b, a);
    case Relation::greater:
      return Order<T>::less(b, a);
    case Relation::at_least:
      return !Order<T>::less(a, b);
  }
  return false;
}

template <class T, Relation kRelation>
std::shared_ptr<Column> compare_plain(const CallContext& context, Args args) {
  return map_dense<std::uint8_t, T, T>(context, args, [](const T& a, const T& b) { return holds<T, kRelation>(a, b); });
}

template <Relation kRelation>
std::shared_ptr<Column> compare_booleans(const CallContext& context, Args args) {
  return map_dense<std::uint8_t, std::uint8_t, std::uint8_t>(
      context, args, [](std::uint8_t a, std::uint8_t b) { return holds<std::uint8_t, kRelation>(a != 0, b != 0); });
}

template <Relation kRelation>
std::shared_ptr<Column> compare_texts(const CallContext& context, Args args) {
  return map_values<std::uint8_t, Str, Str>(context, args,
                                            [](const Str& a, const Str& b) { return holds<Str, kRelation>(a, b); });
}

template <Relation kRelation>
std::shared_ptr<Column> compare_nested(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  context.selection.for_each(
      [&](std::uint32_t row) { out[row] = holds<int, kRelation>(compare_values(*args[0], row, *args[1], row), 0); });
  return out.take();
}

std::shared_ptr<Column> null_safe_equal(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  context.selection.for_each([&](std::uint32_t row) { out[row] = equal_values(*args[0], row, *args[1], row); });
  return out.take();
}

// true on a match; else NULL if the value or an item is NULL; else false.
std::shared_ptr<Column> in_list(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  context.selection.for_each([&](std::uint32_t row) {
    bool found = false, unknown = !args[0]->valid(row);
    for (std::size_t i = 1; i < args.size() && !found && args[0]->valid(row); ++i) {
      if (!args[i]->valid(row)) {
        unknown = true;
      } else {
        found = equal_values(*args[0], row, *args[i], row);
      }
    }
    out[row] = found;
    if (!found && unknown) out.set_null(row);
  });
  return out.take();
}

template <Relation kRelation>
void choose_kernel(const Type& type, ResolvedCall* call) {
  switch (type.id) {
    case TypeId::boolean:
      return set_call(call, types::boolean(), compare_booleans<kRelation>, kAnyBits);
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return set_call(call, types::boolean(), compare_plain<std::int64_t, kRelation>, kAnyBits);
    case TypeId::float64:
      return set_call(call, types::boolean(), compare_plain<double, kRelation>, kAnyBits);
    case TypeId::decimal:
      return set_call(call, types::boolean(), compare_plain<Int128, kRelation>, kAnyBits);
    case TypeId::string:
    case TypeId::binary:
      return set_call(call, types::boolean(), compare_texts<kRelation>);
    default:
      return set_call(call, types::boolean(), compare_nested<kRelation>);
  }
}

bool has_order(const Type& type) {
  if (type.id == TypeId::map || type.id == TypeId::variant) return false;
  for (const Field& field : type.fields) {
    if (!has_order(*field.type)) return false;
  }
  return true;
}

// The type in which two operands are compared.
TypeRef operand_type(const ResolveInput& input, ResolveError* error) {
  const TypeRef &a = input.types[0], &b = input.types[1];
  const TypeRef type = common_type(a, b);
  if (!type) {
    const bool text = a->id == TypeId::string || b->id == TypeId::string;
    refuse(error, static_cast<std::size_t>(-1),
           "cannot compare " + a->name() + " with " + b->name() + (text ? ": cast one of them" : ""));
    return nullptr;
  }
  if (type->id == TypeId::variant) {
    refuse(error, 0, "a variant needs a cast to be compared");
    return nullptr;
  }
  if (!has_order(*type)) {
    refuse(error, static_cast<std::size_t>(-1), "a " + type->name() + " cannot be compared");
    return nullptr;
  }
  return type;
}

template <Relation kRelation>
bool resolve_relation(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef type = operand_type(input, error);
  if (!type) return false;
  call->params = {type, type};
  choose_kernel<kRelation>(*type, call);
  return true;
}

bool resolve_null_safe(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef type = operand_type(input, error);
  if (!type) return false;
  call->params = {type, type};
  set_call(call, types::boolean(), null_safe_equal, kHandlesNulls);
  return true;
}

bool resolve_in(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  set_call(call, types::boolean(), in_list, {.nulls = Nulls::handled, .turns_null = true});
  return true;  // the binder brought all values to one type
}

struct Row {
  const char* name;
  const char* signature;
  const char* summary;
  const char* example;
  Resolver resolve;
};

void add_row(FunctionRegistry& registry, Row row, int most = 2) {
  FunctionInfo info;
  info.name = row.name;
  info.family = "operators";
  info.min_args = 2;
  info.max_args = most;
  info.signature = row.signature;
  info.summary = row.summary;
  info.example = row.example;
  info.resolve = std::move(row.resolve);
  info.is_operator = true;
  info.literal_digits = true;
  registry.add(std::move(info));
}

}  // namespace

void register_comparison(FunctionRegistry& registry) {
  add_row(registry, {"=", "a = b", "Tells whether two values are equal; also `==`.", "1 = 1.0",
                     resolve_relation<Relation::equal>});
  add_row(registry, {"<>", "a <> b", "Tells whether two values differ; also `!=`.", "1 <> 2",
                     resolve_relation<Relation::unequal>});
  add_row(registry, {"<", "a < b", "Tells whether a is less.", "'Z' < 'a'", resolve_relation<Relation::less>});
  add_row(registry,
          {"<=", "a <= b", "Tells whether a is less or equal.", "1 <= 1", resolve_relation<Relation::at_most>});
  add_row(registry, {">", "a > b", "Tells whether a is greater.", "cast('NaN' as double) > 1e300",
                     resolve_relation<Relation::greater>});
  add_row(registry,
          {">=", "a >= b", "Tells whether a is greater or equal.", "2 >= 1.5", resolve_relation<Relation::at_least>});
  add_row(registry, {"<=>", "a <=> b", "Tells whether two values are equal, NULL being equal to NULL.", "null <=> null",
                     resolve_null_safe});
  add_row(registry, {"in", "a in (v, …)", "Tells whether a is one of the values.", "2 in (1, 1 + 1)", resolve_in}, -1);
}

}  // namespace sr::expr
