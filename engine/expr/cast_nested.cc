// Casts of arrays, maps and structures, element by element. Entry point: cast_nested. Tested in
// tests/unit/expr/cast_test.cc.
#include "engine/expr/cast.h"
#include "engine/expr/evaluator.h"

namespace sr::expr {

namespace {

// Casts the child's values at `positions`; a failure is put at the row that owns the position.
ColumnRef cast_child(const CallContext& context, const ColumnRef& child, const TypeRef& to, const RowList& positions,
                     const RowList& owners) {
  if (same_type(child->type, to)) return child;
  if (child->type->id == TypeId::null) return null_column(to, child->size);
  RowList valid, valid_owners;
  for (std::uint32_t i = 0; i < positions.size(); ++i) {
    if (!child->valid(positions[i])) continue;
    valid.push_back(positions[i]);
    valid_owners.push_back(owners[i]);
  }
  if (valid.empty()) return null_column(to, child->size);
  RowErrors failed;
  CallContext inner = context;
  inner.result = to;
  inner.rows = child->size;
  inner.selection = listed(valid);
  inner.errors = &failed;
  std::shared_ptr<Column> cast = cast_column(inner, child);
  for (std::uint32_t i = 0; i < valid.size() && !failed.empty(); ++i) {
    if (failed.failed(valid[i])) context.errors->add(valid_owners[i], failed.sorted()[0].message);
  }
  if (child->may_have_nulls() || valid.size() < child->size) {
    auto marked = std::make_shared<Column>(*flatten(cast));
    RowList kept = valid;
    std::uint32_t next = 0;
    for (std::uint32_t row = 0; row < marked->size; ++row) {
      if (next < kept.size() && kept[next] == row) {
        ++next;
      } else {
        marked->set_null(row);
      }
    }
    return marked;
  }
  return cast;
}

}  // namespace

std::shared_ptr<Column> cast_nested(const CallContext& context, const ColumnRef& from) {
  auto out = std::make_shared<Column>(*from);
  out->type = context.result;
  const bool is_list = from->type->id != TypeId::structure;
  RowList positions, owners;
  context.selection.for_each([&](std::uint32_t row) {
    const std::uint32_t begin = is_list ? from->begin_of(row) : from->at(row);
    const std::uint32_t end = is_list ? from->end_of(row) : begin + 1;
    for (std::uint32_t at = begin; at < end; ++at) {
      positions.push_back(at);
      owners.push_back(row);
    }
  });
  const std::size_t first = from->type->id == TypeId::map ? 1 : 0;  // the keys of maps stay
  for (std::size_t i = 0; i < context.result->fields.size(); ++i) {
    out->children[first + i] =
        cast_child(context, from->children[first + i], context.result->fields[i].type, positions, owners);
  }
  return out;
}

}  // namespace sr::expr
