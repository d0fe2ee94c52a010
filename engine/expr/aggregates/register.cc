// The list of families: the one place that knows all aggregates of this binary. Entry point: aggregates().
#include "engine/expr/aggregates/families.h"

namespace sr::expr {

namespace {

AggregateRegistry make_registry() {
  AggregateRegistry registry;
  register_count(registry);
  register_sum(registry);
  register_extremes(registry);
  register_first_last(registry);
  register_min_by(registry);
  register_collect(registry);
  register_distinct(registry);
  register_approx_distinct(registry);
  register_moments(registry);
  register_logic(registry);
  register_percentile(registry);
  register_approx_percentile(registry);
  return registry;
}

bool has_order(const Type& type) {
  if (type.id == TypeId::map || type.id == TypeId::variant) return false;
  for (const Field& field : type.fields) {
    if (!has_order(*field.type)) return false;
  }
  return true;
}

}  // namespace

const AggregateRegistry& aggregates() {
  static const AggregateRegistry registry = make_registry();
  return registry;
}

void add_alias(AggregateRegistry& registry, AggregateInfo info, std::string name) {
  const std::string of = info.alias_of.empty() ? info.name : info.alias_of;
  const std::size_t length = info.name.size();
  if (info.signature.starts_with(info.name)) info.signature = name + info.signature.substr(length);
  if (info.example.starts_with(info.name)) info.example = name + info.example.substr(length);
  info.alias_of = of;
  info.name = std::move(name);
  registry.add(std::move(info));
}

TypeRef number_argument(const ResolveInput& input, std::size_t index, ResolveError* error) {
  const TypeRef& type = input.types[index];
  if (type->is_number()) return type;
  if (type->id == TypeId::null || type->id == TypeId::variant) return types::float64();
  refuse(error, index, "expected a number, got " + type->name());
  return nullptr;
}

TypeRef orderable_argument(const ResolveInput& input, std::size_t index, ResolveError* error) {
  const TypeRef& type = input.types[index];
  if (has_order(*type)) return type;
  refuse(error, index, "values of " + type->name() + " have no order; cast them first");
  return nullptr;
}

}  // namespace sr::expr
