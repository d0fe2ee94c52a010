// Making arrays and looking into them: array, size, get, element_at, array_contains, array_position, array_min,
// array_join. Entry point: register_array_access. The `[]` operator is elsewhere. Tested in
// tests/unit/expr/arrays_test.cc.
#include "engine/data/codec.h"
#include "engine/expr/functions/array_kernels.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/list_picks.h"
#include "engine/expr/functions/map_kernels.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

std::shared_ptr<Column> make_array(const CallContext& context, Args args) {
  JoinedElements elements(context.result->element());
  std::vector<std::uint32_t> bases;
  std::vector<std::uint32_t> steps;
  for (const ColumnRef& arg : args) {
    auto one = arg->constant ? slice(arg, 0, arg->size ? 1 : 0) : arg;
    bases.push_back(elements.add(one));
    steps.push_back(arg->constant ? 0 : 1);
  }
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    for (std::size_t i = 0; i < args.size(); ++i) picks.pick(bases[i] + row * steps[i]);
  });
  return picks.take(elements.take());
}

bool resolve_array(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef element = common_of(input.types, error);
  if (!element) return false;
  call->params.assign(input.types.size(), element);
  set_call(call, types::array(element), make_array, kHandlesNulls);
  return true;
}

std::shared_ptr<Column> size(const CallContext& context, Args args) {
  Output<Int> out(context);
  context.selection.for_each([&](std::uint32_t row) { out[row] = args[0]->end_of(row) - args[0]->begin_of(row); });
  return out.take();
}

bool resolve_size(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeId id = input.types[0]->id;
  if (id != TypeId::map && !check_array(input, 0, error)) {
    return refuse(error, 0, "expected an array or a map, got " + input.types[0]->name());
  }
  call->params = {id == TypeId::null ? types::array(types::null()) : nullptr};
  set_call(call, types::bigint(), size);
  return true;
}

// Which element a row asks for: a place among the elements, or none.
enum class Outside : std::uint8_t { null, error };

// Gathers one element (or NULL) for each row.
class ElementPicks {
 public:
  ElementPicks(const CallContext& context, const ColumnRef& source) : source_(source), rows_(context.rows) {
    for (std::uint32_t i = 0; i < context.rows; ++i) rows_[i] = source->size;  // the NULL behind the elements
  }
  void pick(std::uint32_t row, std::uint32_t element) { rows_[row] = element; }
  std::shared_ptr<Column> take(const TypeRef& type) {
    const ColumnRef parts[] = {flatten(source_), null_column(type, 1)};
    const ColumnRef all = concat_columns(type, parts);
    return std::make_shared<Column>(*gather(all, {rows_.data(), static_cast<std::uint32_t>(rows_.size())}));
  }

 private:
  const ColumnRef& source_;
  Vec<std::uint32_t> rows_;
};

template <Outside kOutside>
std::shared_ptr<Column> element_at(const CallContext& context, Args args) {
  ElementPicks picks(context, elements_of(args[0]));
  const Reader<Int> indexes(*args[1]);
  context.selection.for_each([&](std::uint32_t row) {
    const Int begin = args[0]->begin_of(row);
    const Int count = args[0]->end_of(row) - begin;
    const Int index = indexes[row];
    if (index > 0 && index <= count) return picks.pick(row, static_cast<std::uint32_t>(begin + index - 1));
    if (index < 0 && index >= -count) return picks.pick(row, static_cast<std::uint32_t>(begin + count + index));
    if (kOutside == Outside::null && index != 0) return;
    context.errors->add(row, "index " + std::to_string(index) + " is outside an array of " + std::to_string(count) +
                                 " elements (element_at counts from 1)");
  });
  return picks.take(context.result);
}

std::shared_ptr<Column> get(const CallContext& context, Args args) {
  ElementPicks picks(context, elements_of(args[0]));
  const Reader<Int> indexes(*args[1]);
  context.selection.for_each([&](std::uint32_t row) {
    const Int begin = args[0]->begin_of(row);
    const Int index = indexes[row];
    if (index >= 0 && index < args[0]->end_of(row) - begin) {
      picks.pick(row, static_cast<std::uint32_t>(begin + index));
    }
  });
  return picks.take(context.result);
}

template <Outside kOutside>
bool resolve_element_at(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types[0]->id == TypeId::map) return resolve_map_value(input, call, error);
  const bool fails = true;  // the index 0 also fails in try_element_at
  const CallTraits traits{.can_fail = fails, .turns_null = true};
  const Resolver rule = over_array(ArrayResult::element, {types::bigint()}, element_at<kOutside>, traits);
  return rule(input, call, error);
}

// The index of the first element equal to the row's value, or the row's end.
std::uint32_t find_value(const Column& array, const Column& values, std::uint32_t row) {
  const Column& elements = *array.children[0];
  std::uint32_t i = array.begin_of(row);
  while (i < array.end_of(row) && !(elements.valid(i) && equal_values(elements, i, values, row))) ++i;
  return i;
}

bool has_null(const Column& array, std::uint32_t row) {
  const Column& elements = *array.children[0];
  if (!elements.may_have_nulls()) return false;
  for (std::uint32_t i = array.begin_of(row); i < array.end_of(row); ++i) {
    if (!elements.valid(i)) return true;
  }
  return false;
}

std::shared_ptr<Column> array_contains(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  context.selection.for_each([&](std::uint32_t row) {
    const bool found = find_value(*args[0], *args[1], row) < args[0]->end_of(row);
    out[row] = found ? 1 : 0;
    if (!found && has_null(*args[0], row)) out.set_null(row);
  });
  return out.take();
}

std::shared_ptr<Column> array_position(const CallContext& context, Args args) {
  Output<Int> out(context);
  context.selection.for_each([&](std::uint32_t row) {
    const std::uint32_t found = find_value(*args[0], *args[1], row);
    out[row] = found < args[0]->end_of(row) ? found - args[0]->begin_of(row) + 1 : 0;
  });
  return out.take();
}

template <int kSign>
std::shared_ptr<Column> array_extreme(const CallContext& context, Args args) {
  const ColumnRef& elements = elements_of(args[0]);
  ElementPicks picks(context, elements);
  context.selection.for_each([&](std::uint32_t row) {
    const std::uint32_t end = args[0]->end_of(row);
    std::uint32_t best = end;
    for (std::uint32_t i = args[0]->begin_of(row); i < end; ++i) {
      if (!elements->valid(i)) continue;
      if (best == end || compare_values(*elements, i, *elements, best) * kSign > 0) best = i;
    }
    if (best < end) picks.pick(row, best);
  });
  return picks.take(context.result);
}

std::shared_ptr<Column> array_join(const CallContext& context, Args args) {
  StringOutput out(context);
  const Column& elements = *args[0]->children[0];
  const Reader<Str> separators(*args[1]);
  context.selection.for_each([&](std::uint32_t row) {
    std::string& to = out.scratch();
    bool first = true;
    for (std::uint32_t i = args[0]->begin_of(row); i < args[0]->end_of(row); ++i) {
      const bool valid = elements.valid(i);
      if (!valid && args.size() < 3) continue;
      if (!first) to += separators[row].view();
      first = false;
      to += valid ? elements.get<Str>(i).view() : args[2]->get<Str>(row).view();
    }
    out.set(row, to);
  });
  return out.take();
}

void register_places(Family& arrays) {
  const std::optional<TypeRef> value;
  arrays.add({{2, 2},
              "array_contains(a, v)",
              "Tells whether v is an element; NULL if it is not but a NULL is.",
              "array_contains(array(1, 2), 2)",
              over_array(ArrayResult::boolean, {value}, array_contains, kTurnsNull)});
  arrays.add({{2, 2},
              "array_position(a, v)",
              "Gives the place of the first element equal to v, from 1; 0 if there is none.",
              "array_position(array(3, 1, 2), 2) = 3",
              over_array(ArrayResult::number, {value}, array_position)});
  arrays.add({{1, 1},
              "array_min(a)",
              "Gives the least element; NULLs do not count.",
              "array_min(array(3, null, 1)) = 1",
              over_array(ArrayResult::element, {}, array_extreme<-1>, kTurnsNull)});
  arrays.add({{1, 1},
              "array_max(a)",
              "Gives the greatest element; NULLs do not count.",
              "array_max(array(3, null, 1)) = 3",
              over_array(ArrayResult::element, {}, array_extreme<1>, kTurnsNull)});
}

bool resolve_array_join(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef text = types::string();
  return fixed({types::array(text), text, text}, text, array_join)(input, call, error);
}

}  // namespace

void register_array_access(FunctionRegistry& registry) {
  Family arrays(registry, "arrays");
  arrays.add({{0, kAnyNumber},
              "array(v, …)",
              "Makes an array of values of one type; NULLs stay.",
              "size(array(1, null, 3)) = 3",
              resolve_array});
  arrays.add({{1, 1},
              "size(v)",
              "Gives the number of elements of an array or of entries of a map.",
              "size(array(1, 2)) = 2",
              resolve_size});
  arrays.alias("cardinality", "size");
  arrays.alias("array_size", "size");
  arrays.add({{2, 2},
              "get(a, i)",
              "Gives the element with the index, from 0; NULL outside.",
              "get(array(1, 2), 1) = 2",
              over_array(ArrayResult::element, {types::bigint()}, get, kTurnsNull)});
  arrays.add({{2, 2},
              "element_at(v, k)",
              "Gives the element of an array, from 1 or negative from the end (outside is an error), or a map's value.",
              "element_at(array(1, 2), -1) = 2",
              resolve_element_at<Outside::error>});
  arrays.add({{2, 2},
              "try_element_at(v, k)",
              "The same, but NULL outside.",
              "try_element_at(array(1, 2), 3) is null",
              resolve_element_at<Outside::null>});
  arrays.add({{2, 3},
              "array_join(a, sep [, null_text])",
              "Joins the elements; NULLs are left out unless there is a text for them.",
              "array_join(array('a', null, 'b'), '-', '?') = 'a-?-b'",
              resolve_array_join});
  register_places(arrays);
}

}  // namespace sr::expr
