// Unions, written or implied: the same columns in each input, in any order. Entry point: BindContext::union_columns.
#include <fmt/format.h>

#include "specs/bind.h"

namespace sr::specs {

namespace {

std::string name_of(const InputInfo& input) {
  return input.port.empty() ? input.id : input.id + "." + input.port;
}

// Says how an input differs from the first; "" if it does not.
std::string difference(const InputInfo& first, const InputInfo& other) {
  for (const Field& field : first.schema->fields) {
    const auto at = other.schema->find(field.name);
    if (!at) return fmt::format("`{}` has no column `{}`", name_of(other), field.name);
    const TypeRef& type = other.schema->fields[*at].type;
    if (!type || !field.type || same_type(type, field.type)) continue;
    return fmt::format("column `{}` is {} in `{}` and {} in `{}`", field.name, field.type->name(), name_of(first),
                       type->name(), name_of(other));
  }
  for (const Field& field : other.schema->fields) {
    if (!first.schema->find(field.name)) return fmt::format("`{}` has no column `{}`", name_of(first), field.name);
  }
  return {};
}

std::vector<std::uint32_t> pick(const Schema& order, const Schema& from) {
  std::vector<std::uint32_t> columns;
  bool same = true;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    columns.push_back(static_cast<std::uint32_t>(from.find(order.fields[i].name).value_or(0)));
    same = same && columns.back() == i;
  }
  return same ? std::vector<std::uint32_t>{} : columns;
}

}  // namespace

std::optional<UnionColumns> BindContext::union_columns() {
  const InputInfo* first = nullptr;
  bool complete = !inputs().empty();
  bool sound = true;
  for (const InputInfo& input : inputs()) {
    if (!input.schema) complete = false;
    if (!input.schema) continue;
    if (!first) first = &input;
    const std::string why = difference(*first, input);
    if (why.empty()) continue;
    sound = false;
    error("SR4020", input.span, fmt::format("the inputs of a union have the same columns: {}", why), "",
          fmt::format("`{}` has {}; `{}` has {}", name_of(*first), first->schema->to_text(), name_of(input),
                      input.schema->to_text()));
  }
  if (!complete || !sound) return std::nullopt;
  UnionColumns columns;
  columns.schema = first->schema;
  for (const InputInfo& input : inputs()) columns.pick.push_back(pick(*first->schema, *input.schema));
  return columns;
}

}  // namespace sr::specs
