// Arrays out of nothing: sequence and array_repeat, limited by kMaxMadeElements. Entry point: register_array_make.
// Tested in tests/unit/expr/arrays_test.cc.
#include <algorithm>

#include "engine/expr/functions/array_kernels.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/limits.h"
#include "engine/expr/functions/list_picks.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

struct Steps {
  Int from;
  Int to;
  Int step;
};

// How many values there are; negative after a row error.
Int count_steps(const Steps& s, const char** error) {
  const bool stays = s.from == s.to;
  if (!stays && (s.step == 0 || (s.step > 0) != (s.to > s.from))) {
    *error = "sequence never gets from its start to its end with this step";
    return -1;
  }
  if (stays) return 1;
  const auto bits = [](Int value) { return static_cast<std::uint64_t>(value); };
  const std::uint64_t distance = s.to > s.from ? bits(s.to) - bits(s.from) : bits(s.from) - bits(s.to);
  const std::uint64_t step = s.step > 0 ? bits(s.step) : 0 - bits(s.step);
  if (distance / step >= static_cast<std::uint64_t>(kMaxMadeElements)) {
    *error = kArrayTooLong;
    return -1;
  }
  return static_cast<Int>(distance / step) + 1;
}

// The step of one day (dates and timestamps) or one is given by the resolver, with the sign of the direction.
std::shared_ptr<Column> sequence_by(const CallContext& context, Args args, Int unit) {
  auto result = std::make_shared<Column>(context.result, context.rows);
  result->offsets.resize(context.rows + 1);
  const Reader<Int> froms(*args[0]);
  const Reader<Int> tos(*args[1]);
  Vec<Int> values;
  std::uint32_t next = 0;
  context.selection.for_each([&](std::uint32_t row) {
    for (; next <= row; ++next) result->offsets[next] = static_cast<std::uint32_t>(values.size());
    const Int towards = froms[row] <= tos[row] ? unit : -unit;
    const Steps steps{froms[row], tos[row], args.size() == 3 ? args[2]->get<Int>(row) : towards};
    const char* error = nullptr;
    const Int count = count_steps(steps, &error);
    if (error) return context.errors->add(row, error);
    // Unsigned, as i * step may be out of range where the sum is not.
    const auto from = static_cast<std::uint64_t>(steps.from), step = static_cast<std::uint64_t>(steps.step);
    for (Int i = 0; i < count; ++i) values.push_back(static_cast<Int>(from + static_cast<std::uint64_t>(i) * step));
  });
  for (; next <= context.rows; ++next) result->offsets[next] = static_cast<std::uint32_t>(values.size());
  auto child = std::make_shared<Column>(context.result->element(), static_cast<std::uint32_t>(values.size()));
  std::copy(values.begin(), values.end(), child->make_values<Int>(child->size));
  result->children.push_back(std::move(child));
  return result;
}

std::shared_ptr<Column> sequence(const CallContext& context, Args args) {
  return sequence_by(context, args, 1);
}

std::shared_ptr<Column> sequence_of_times(const CallContext& context, Args args) {
  return sequence_by(context, args, Int{86'400'000'000});
}

// The elements of the arrays and maps in a value, at all depths.
Int elements_inside(const Column& column, std::uint32_t row) {
  const TypeId id = column.type->id;
  if (id != TypeId::array && id != TypeId::map && id != TypeId::structure) return 0;
  if (!column.valid(row)) return 0;
  row = column.at(row);
  const bool list = id != TypeId::structure;
  const std::uint32_t begin = list ? column.offsets[row] : row, end = list ? column.offsets[row + 1] : row + 1;
  Int count = list ? end - begin : 0;
  for (const ColumnRef& child : column.children) {
    if (child->type->fields.empty()) continue;
    for (std::uint32_t i = begin; i < end; ++i) count += elements_inside(*child, i);
  }
  return count;
}

std::shared_ptr<Column> array_repeat(const CallContext& context, Args args) {
  ListPicks picks(context);
  const ColumnRef values = flatten(args[0]);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    if (!args[1]->valid(row)) return picks.set_null();
    const Int count = args[1]->get<Int>(row);
    if (count > kMaxMadeElements) return context.errors->add(row, kArrayTooLong);
    if (count > 0 && elements_inside(*values, row) > kMaxMadeElements / count)
      return context.errors->add(row, kInsideTooLong);
    for (Int i = 0; i < count; ++i) picks.pick(row);
  });
  return picks.take(values);
}

bool resolve_array_repeat(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!check_argument(input, 1, types::bigint(), error)) return false;
  call->params = {nullptr, types::bigint()};
  set_call(call, types::array(input.types[0]), array_repeat, {.nulls = Nulls::handled, .can_fail = true});
  return true;
}

}  // namespace

void register_array_make(FunctionRegistry& registry) {
  Family arrays(registry, "arrays");
  const TypeRef number = types::bigint();
  arrays.add(
      {{2, 3},
       "sequence(from, to [, step])",
       "Gives the numbers, dates or timestamps (a day apart) between both, included.",
       "sequence(1, 7, 3) = array(1, 4, 7)",
       overloaded(
           {{{number, number, number}, types::array(number), sequence, kFails},
            {{types::date(), types::date()}, types::array(types::date()), sequence, kFails},
            {{types::timestamp(), types::timestamp()}, types::array(types::timestamp()), sequence_of_times, kFails}})});
  arrays.add({{2, 2},
              "array_repeat(v, n)",
              "Gives an array of n times v, which may be NULL.",
              "array_repeat('a', 2) = array('a', 'a')",
              resolve_array_repeat});
}

}  // namespace sr::expr
