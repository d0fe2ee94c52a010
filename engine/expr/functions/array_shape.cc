// Arrays in another order or length: sort_array, array_sort, reverse, concat, flatten, array_append, array_prepend,
// array_insert, slice. Entry point: register_array_shape. Tested in tests/unit/expr/arrays_test.cc.
#include <algorithm>

#include "engine/expr/functions/array_kernels.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/limits.h"
#include "engine/expr/functions/list_picks.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

// Sorts the picks of the current row; compare_values puts NULLs first.
void sort_row(ListPicks& picks, const Column& elements, bool ascending) {
  std::stable_sort(picks.row_begin(), picks.row_end(), [&](std::uint32_t a, std::uint32_t b) {
    const int order = compare_values(elements, a, elements, b);
    return ascending ? order < 0 : order > 0;
  });
}

std::shared_ptr<Column> sort_array(const CallContext& context, Args args) {
  const Column& elements = *elements_of(args[0]);
  return pick_lists(context, args[0], [&](ListPicks& picks, std::uint32_t row, std::uint32_t begin, std::uint32_t end) {
    picks.pick_range(begin, end);
    sort_row(picks, elements, args.size() < 2 || args[1]->get<std::uint8_t>(row) != 0);
  });
}

std::shared_ptr<Column> array_sort(const CallContext& context, Args args) {
  const Column& elements = *elements_of(args[0]);
  return pick_lists(context, args[0], [&](ListPicks& picks, std::uint32_t, std::uint32_t begin, std::uint32_t end) {
    picks.pick_range(begin, end);
    sort_row(picks, elements, true);
    std::uint32_t* valid =
        std::find_if(picks.row_begin(), picks.row_end(), [&](std::uint32_t i) { return elements.valid(i); });
    std::rotate(picks.row_begin(), valid, picks.row_end());
  });
}

std::shared_ptr<Column> flatten_arrays(const CallContext& context, Args args) {
  const Column& inner = *elements_of(args[0]);
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    bool null = false;
    for (std::uint32_t i = args[0]->begin_of(row); i < args[0]->end_of(row); ++i) null = null || !inner.valid(i);
    if (null) return picks.set_null();
    for (std::uint32_t i = args[0]->begin_of(row); i < args[0]->end_of(row); ++i) {
      picks.pick_range(inner.begin_of(i), inner.end_of(i));
    }
  });
  return picks.take(inner.children.empty() ? null_column(context.result->element(), 0) : inner.children[0]);
}

bool resolve_flatten(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!check_array(input, 0, error)) return false;
  const TypeRef inner = element_type(input, 0);
  if (inner->id != TypeId::array && inner->id != TypeId::null) {
    return refuse(error, 0, "expected an array of arrays, got " + input.types[0]->name());
  }
  const TypeRef result = inner->id == TypeId::array ? inner : types::array(types::null());
  call->params = {types::array(result)};
  set_call(call, result, flatten_arrays, kTurnsNull);
  return true;
}

// One element more, at the front or the end. The element may be NULL, the array may not.
template <bool kFront>
std::shared_ptr<Column> add_element(const CallContext& context, Args args) {
  JoinedElements elements(context.result->element());
  const std::uint32_t base = elements.add(elements_of(args[0]));
  const std::uint32_t added = elements.add(args[1]);
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    if (!args[0]->valid(row)) return picks.set_null();
    if (kFront) picks.pick(added + row);
    picks.pick_range(base + args[0]->begin_of(row), base + args[0]->end_of(row));
    if (!kFront) picks.pick(added + row);
  });
  return picks.take(elements.take());
}

std::shared_ptr<Column> slice_array(const CallContext& context, Args args) {
  const Reader<Int> starts(*args[1]);
  const Reader<Int> lengths(*args[2]);
  return pick_lists(context, args[0], [&](ListPicks& picks, std::uint32_t row, std::uint32_t begin, std::uint32_t end) {
    const Int count = end - begin;
    const Int start = starts[row];
    const Int length = lengths[row];
    if (start == 0) return context.errors->add(row, "the start of slice counts from 1: 0 is not an index");
    if (length < 0) return context.errors->add(row, "the length of slice is negative");
    if (start > count || start < -count) return;
    const Int first = start > 0 ? start - 1 : start + count;
    const Int taken = std::min(length, count - first);
    picks.pick_range(static_cast<std::uint32_t>(begin + first), static_cast<std::uint32_t>(begin + first + taken));
  });
}

// Inserts at the 1-based (negative: from behind the end) position; a gap is filled with NULLs.
std::shared_ptr<Column> array_insert(const CallContext& context, Args args) {
  JoinedElements elements(context.result->element());
  const std::uint32_t base = elements.add(elements_of(args[0]));
  const std::uint32_t added = elements.add(args[2]);
  const std::uint32_t null = elements.add(null_column(context.result->element(), 1));
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    if (!args[0]->valid(row) || !args[1]->valid(row)) return picks.set_null();
    const std::uint32_t begin = base + args[0]->begin_of(row);
    const Int count = args[0]->end_of(row) - args[0]->begin_of(row);
    const Int place = args[1]->get<Int>(row);
    if (place == 0) return context.errors->add(row, "array_insert counts from 1: 0 is not an index");
    if (place > kMaxMadeElements || place < -kMaxMadeElements) return context.errors->add(row, kArrayTooLong);
    const Int at = place > 0 ? place - 1 : count + place + 1;  // may lie outside
    if (at < 0) picks.pick(added + row);
    for (Int i = at; i < 0; ++i) picks.pick(null);
    const std::uint32_t before = static_cast<std::uint32_t>(at < 0 ? 0 : std::min(at, count));
    picks.pick_range(begin, begin + before);
    for (Int i = count; i < at; ++i) picks.pick(null);
    if (at >= 0) picks.pick(added + row);
    picks.pick_range(begin + before, begin + static_cast<std::uint32_t>(count));
  });
  return picks.take(elements.take());
}

}  // namespace

std::shared_ptr<Column> reverse_array(const CallContext& context, Args args) {
  return pick_lists(context, args[0], [](ListPicks& picks, std::uint32_t, std::uint32_t begin, std::uint32_t end) {
    while (end > begin) picks.pick(--end);
  });
}

std::shared_ptr<Column> concat_arrays(const CallContext& context, Args args) {
  JoinedElements elements(context.result->element());
  std::vector<std::uint32_t> bases;
  for (const ColumnRef& arg : args) bases.push_back(elements.add(elements_of(arg)));
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    for (std::size_t i = 0; i < args.size(); ++i) {
      picks.pick_range(bases[i] + args[i]->begin_of(row), bases[i] + args[i]->end_of(row));
    }
  });
  return picks.take(elements.take());
}

void register_array_shape(FunctionRegistry& registry) {
  Family arrays(registry, "arrays");
  const std::optional<TypeRef> value;
  const CallTraits adds{.nulls = Nulls::handled};
  arrays.add({{1, 2},
              "sort_array(a [, ascending])",
              "Sorts; NULLs come first when ascending and last when descending.",
              "sort_array(array(3, 1, 2), false) = array(3, 2, 1)",
              over_array(ArrayResult::array, {types::boolean()}, sort_array)});
  arrays.add({{1, 1},
              "array_sort(a)",
              "Sorts in ascending order, NULLs last.",
              "array_sort(array(3, null, 1)) <=> array(1, 3, null)",
              over_array(ArrayResult::array, {}, array_sort)});
  arrays.add({{1, 1},
              "flatten(a)",
              "Joins the arrays in an array; NULL if one of them is NULL.",
              "flatten(array(array(1), array(2, 3))) = array(1, 2, 3)",
              resolve_flatten});
  arrays.add({{2, 2},
              "array_append(a, v)",
              "Adds an element at the end.",
              "array_append(array(1), 2) = array(1, 2)",
              over_array(ArrayResult::array, {value}, add_element<false>, adds)});
  arrays.add({{2, 2},
              "array_prepend(a, v)",
              "Adds an element at the front.",
              "array_prepend(array(1), 2) = array(2, 1)",
              over_array(ArrayResult::array, {value}, add_element<true>, adds)});
  arrays.add({{3, 3},
              "slice(a, start, len)",
              "Gives len elements from start on (from 1, negative from the end).",
              "slice(array(1, 2, 3), 2, 2) = array(2, 3)",
              over_array(ArrayResult::array, {types::bigint(), types::bigint()}, slice_array, kFails)});
  arrays.add({{3, 3},
              "array_insert(a, pos, v)",
              "Puts v at the place pos (from 1, negative from the end) and fills a gap with NULLs.",
              "array_insert(array(1, 3), 2, 2) = array(1, 2, 3)",
              over_array(ArrayResult::array, {types::bigint(), value}, array_insert,
                         {.nulls = Nulls::handled, .can_fail = true})});
}

}  // namespace sr::expr
