// Access into values: fields of structures, arr[i], m[k], paths of variants. Entry points: register_access and the
// resolve_… of internal.h. Tested in tests/unit/expr/access_test.cc, variant_test.cc.
#include <algorithm>

#include "engine/expr/functions/families.h"
#include "engine/expr/functions/internal.h"
#include "engine/expr/json_scan.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

struct FieldIndex {
  std::size_t index = 0;
};

std::shared_ptr<Column> get_field(const CallContext& context, Args args) {
  const std::size_t index = static_cast<const FieldIndex*>(context.prepared)->index;
  auto out = std::make_shared<Column>(*args[0]->children[index]);
  out->hold(*args[0]);
  return out;
}

// The field of every structure in an array: an array; the elements that are NULL stay NULL.
std::shared_ptr<Column> get_field_of_elements(const CallContext& context, Args args) {
  const std::size_t index = static_cast<const FieldIndex*>(context.prepared)->index;
  auto out = std::make_shared<Column>(*args[0]);
  const Column& element = *args[0]->children[0];
  auto field = std::make_shared<Column>(*flatten(element.children[index]));
  if (element.may_have_nulls()) {
    for (std::uint32_t i = 0; i < field->size; ++i) {
      if (!element.valid(i)) field->set_null(i);
    }
  }
  out->type = context.result;
  out->children = {std::move(field)};
  return out;
}

// Picks one child value per row; `place` gives its position, or -1 for NULL.
template <class F>
std::shared_ptr<Column> pick(const CallContext& context, const ColumnRef& child, F&& place) {
  Vec<std::uint32_t> positions;
  positions.resize(context.rows, 0);
  Vec<std::uint32_t> nulls;
  context.selection.for_each([&](std::uint32_t row) {
    const std::int64_t at = place(row);
    if (at < 0) {
      nulls.push_back(row);
    } else {
      positions[row] = static_cast<std::uint32_t>(at);
    }
  });
  if (child->size == 0) return std::make_shared<Column>(*null_column(context.result, context.rows));
  auto out = std::make_shared<Column>(*flatten(gather(child, {positions.data(), context.rows})));
  for (const std::uint32_t row : nulls) out->set_null(row);
  return out;
}

std::shared_ptr<Column> array_index(const CallContext& context, Args args) {
  const Reader<std::int64_t> indexes(*args[1]);
  const Column& array = *args[0];
  return pick(context, array.children[0], [&](std::uint32_t row) -> std::int64_t {
    const std::uint32_t begin = array.begin_of(row), end = array.end_of(row);
    const std::int64_t index = indexes[row];
    if (index >= 0 && index < end - begin) return begin + index;
    context.errors->add(row, "index " + std::to_string(index) + " is outside of an array of " +
                                 std::to_string(end - begin) + " elements");
    return -1;
  });
}

std::shared_ptr<Column> map_key(const CallContext& context, Args args) {
  const Reader<Str> wanted(*args[1]);
  const Column& map = *args[0];
  const Reader<Str> keys(*map.children[0]);
  return pick(context, map.children[1], [&](std::uint32_t row) -> std::int64_t {
    for (std::uint32_t at = map.begin_of(row); at < map.end_of(row); ++at) {
      if (keys[at] == wanted[row]) return at;
    }
    return -1;
  });
}

struct VariantPath {
  std::vector<JsonStep> steps;
};

void set_found(StringOutput& out, std::uint32_t row, std::string_view found) {
  if (is_json_null(found)) {
    out.set_null(row);
  } else {
    out.set_view(row, found);
  }
}

std::shared_ptr<Column> variant_path(const CallContext& context, Args args) {
  const auto& path = *static_cast<const VariantPath*>(context.prepared);
  StringOutput out(context);
  out.share(args[0]);
  const Reader<Str> texts(*args[0]);
  context.selection.for_each([&](std::uint32_t row) { set_found(out, row, find_json(texts[row].view(), path.steps)); });
  return out.take();
}

std::shared_ptr<Column> variant_index(const CallContext& context, Args args) {
  StringOutput out(context);
  out.share(args[0]);
  const Reader<Str> texts(*args[0]);
  const Reader<std::int64_t> indexes(*args[1]);
  std::vector<JsonStep> steps(1);
  steps[0].is_index = true;
  context.selection.for_each([&](std::uint32_t row) {
    steps[0].index = indexes[row];
    set_found(out, row, find_json(texts[row].view(), steps));
  });
  return out.take();
}

bool resolve_index(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef& of = input.types[0];
  const TypeRef& index = input.types[1];
  if (of->id == TypeId::null) {
    set_call(call, types::null(), array_index);
    return true;
  }
  if (of->id == TypeId::array) {
    if (!converts(index, types::bigint())) return refuse(error, 1, "expected an index (bigint), got " + index->name());
    call->params = {nullptr, types::bigint()};
    set_call(call, of->element(), array_index, {.can_fail = true, .turns_null = true});
    return true;
  }
  if (of->id == TypeId::map) {
    if (index->id != TypeId::string && index->id != TypeId::null && index->id != TypeId::variant) {
      return refuse(error, 1, "expected a key (string), got " + index->name());
    }
    call->params = {nullptr, types::string()};
    set_call(call, of->element(), map_key, kTurnsNull);
    return true;
  }
  if (of->id == TypeId::variant && index->id == TypeId::bigint) {
    call->params = {nullptr, types::bigint()};
    set_call(call, types::variant(), variant_index, kTurnsNull);
    return true;
  }
  if (of->id == TypeId::variant)
    return refuse(error, 1, "expected an index (bigint) or a constant key, got " + index->name());
  return refuse(error, 0, "a " + of->name() + " has no elements");
}

void add_step(BoundRef base, JsonStep step, BoundExpr* node) {
  auto path = std::make_shared<VariantPath>();
  const bool extends = base->kind == BoundExpr::Kind::call && base->name == "variant_path";
  if (extends) path->steps = static_cast<const VariantPath*>(base->call.prepared.get())->steps;
  path->steps.push_back(std::move(step));
  node->name = "variant_path";
  node->type = types::variant();
  set_call(&node->call, types::variant(), variant_path, kTurnsNull);
  node->detail = "$";
  for (const JsonStep& part : path->steps)
    node->detail += part.is_index ? "[" + std::to_string(part.index) + "]" : "." + part.key;
  node->call.prepared = std::move(path);
  node->args = {extends ? base->args[0] : std::move(base)};
}

}  // namespace

void resolve_field(BoundRef base, std::size_t field, BoundExpr* node) {
  const bool in_array = base->type->id == TypeId::array;
  const Type& owner = in_array ? *base->type->element() : *base->type;
  node->name = "field";
  node->detail = owner.fields[field].name;
  node->type = in_array ? types::array(owner.fields[field].type) : owner.fields[field].type;
  set_call(&node->call, node->type, in_array ? get_field_of_elements : get_field,
           {.turns_null = true, .any_bits = true});
  node->call.prepared = std::make_shared<const FieldIndex>(FieldIndex{field});
  node->args = {std::move(base)};
}

void resolve_variant_step(BoundRef base, const std::string& key, BoundExpr* node) {
  add_step(std::move(base), {key, -1, false}, node);
}

void resolve_variant_index(BoundRef base, std::int64_t index, BoundExpr* node) {
  add_step(std::move(base), {{}, index, true}, node);
}

void register_access(FunctionRegistry& registry) {
  FunctionInfo info;
  info.name = "[]";
  info.family = "operators";
  info.min_args = info.max_args = 2;
  info.signature = "a[i]";
  info.summary = "Gives an array's element, from 0 (outside is an error), or a map's value (NULL if absent).";
  info.example = "array(5, 6)[1] = 6";
  info.resolve = resolve_index;
  info.is_operator = true;
  registry.add(std::move(info));
}

}  // namespace sr::expr
