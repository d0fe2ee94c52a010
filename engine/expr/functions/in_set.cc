// `v in (constants)`: a set made when the expression is bound. Entry point: resolve_in_constants. Tested in
// tests/unit/expr/comparison_test.cc.
#include <algorithm>
#include <unordered_set>

#include "engine/data/codec.h"
#include "engine/expr/functions/internal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

constexpr std::size_t kFewItems = 8;

struct InSet {
  bool has_null = false;
  std::vector<std::int64_t> whole;  // sorted
  std::unordered_set<std::string_view> texts;
  std::vector<ColumnRef> items;  // not NULL
};

template <class T, class F>
std::shared_ptr<Column> test_items(const CallContext& context, Args args, F&& contains) {
  const bool has_null = static_cast<const InSet*>(context.prepared)->has_null;
  Output<std::uint8_t> out(context);
  const Reader<T> values(*args[0]);
  context.selection.for_each([&](std::uint32_t row) {
    const bool found = contains(values[row]);
    out[row] = found;
    if (!found && has_null) out.set_null(row);
  });
  return out.take();
}

std::shared_ptr<Column> in_numbers(const CallContext& context, Args args) {
  const InSet& set = *static_cast<const InSet*>(context.prepared);
  if (set.whole.size() > kFewItems) {
    return test_items<std::int64_t>(context, args, [&](std::int64_t value) {
      return std::binary_search(set.whole.begin(), set.whole.end(), value);
    });
  }
  return test_items<std::int64_t>(context, args, [&](std::int64_t value) {
    bool found = false;
    for (const std::int64_t item : set.whole) found |= item == value;
    return found;
  });
}

std::shared_ptr<Column> in_texts(const CallContext& context, Args args) {
  const InSet& set = *static_cast<const InSet*>(context.prepared);
  if (set.items.size() > kFewItems) {
    return test_items<Str>(context, args, [&](const Str& value) { return set.texts.contains(value.view()); });
  }
  return test_items<Str>(context, args, [&](const Str& value) {
    for (const ColumnRef& item : set.items) {
      if (item->data<Str>()[0] == value) return true;
    }
    return false;
  });
}

std::shared_ptr<Column> in_values(const CallContext& context, Args args) {
  const InSet& set = *static_cast<const InSet*>(context.prepared);
  Output<std::uint8_t> out(context);
  context.selection.for_each([&](std::uint32_t row) {
    out[row] = std::any_of(set.items.begin(), set.items.end(),
                           [&](const ColumnRef& item) { return equal_values(*args[0], row, *item, 0); });
    if (!out[row] && set.has_null) out.set_null(row);
  });
  return out.take();
}

}  // namespace

void resolve_in_constants(BoundRef value, const std::vector<ColumnRef>& items, BoundExpr* node) {
  auto set = std::make_shared<InSet>();
  const TypeId id = value->type->id;
  const bool whole = id == TypeId::bigint || id == TypeId::timestamp || id == TypeId::date;
  const bool text = id == TypeId::string || id == TypeId::binary;
  TextBuffer detail;
  for (const ColumnRef& item : items) {
    if (detail.size()) detail.append(", ");
    if (item->type->id == TypeId::null || !item->valid(0)) {
      set->has_null = true;
      detail.append("null");
      continue;
    }
    write_json(detail, *item, 0);
    if (whole) set->whole.push_back(item->get<std::int64_t>(0));
    if (text) set->texts.insert(item->data<Str>()[0].view());
    set->items.push_back(item);
  }
  std::sort(set->whole.begin(), set->whole.end());
  node->name = "in";
  node->detail = detail.view();
  node->type = types::boolean();
  set_call(&node->call, types::boolean(),
           whole  ? in_numbers
           : text ? in_texts
                  : in_values,
           {.turns_null = set->has_null});
  node->call.prepared = std::move(set);
  node->args = {std::move(value)};
}

}  // namespace sr::expr
