// not, tests of NULL and truth, bitwise operators, and the rows of and, or, between for the documentation (the binder
// makes their nodes). Entry point: register_logic. Tested in tests/unit/expr/logic_test.cc.
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

std::shared_ptr<Column> negate(const CallContext& context, Args args) {
  return map_dense<std::uint8_t, std::uint8_t>(context, args, [](std::uint8_t a) { return a == 0; });
}

template <bool kNull>
std::shared_ptr<Column> test_null(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  if (!args[0]->may_have_nulls()) {
    std::memset(out.data(), kNull ? 0 : 1, context.rows);
    return out.take();
  }
  context.selection.for_each([&](std::uint32_t row) { out[row] = args[0]->valid(row) != kNull; });
  return out.take();
}

template <bool kTrue>
std::shared_ptr<Column> test_truth(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  const Reader<std::uint8_t> values(*args[0]);
  context.selection.for_each([&](std::uint32_t row) { out[row] = values.valid(row) && (values[row] != 0) == kTrue; });
  return out.take();
}

std::shared_ptr<Column> bit_and(const CallContext& context, Args args) {
  return map_dense<Int, Int, Int>(context, args, [](Int a, Int b) { return a & b; });
}
std::shared_ptr<Column> bit_or(const CallContext& context, Args args) {
  return map_dense<Int, Int, Int>(context, args, [](Int a, Int b) { return a | b; });
}
std::shared_ptr<Column> bit_xor(const CallContext& context, Args args) {
  return map_dense<Int, Int, Int>(context, args, [](Int a, Int b) { return a ^ b; });
}
std::shared_ptr<Column> bit_not(const CallContext& context, Args args) {
  return map_dense<Int, Int>(context, args, [](Int a) { return ~a; });
}

// The binder makes these nodes itself: asking the registry for one is a mistake of the engine.
bool resolve_never(const ResolveInput&, ResolvedCall*, ResolveError* error) {
  return refuse(error, static_cast<std::size_t>(-1), "cannot be called in this form");
}

struct Row {
  const char* name;
  int arguments;
  const char* signature;
  const char* summary;
  const char* example;
  Resolver resolve;
  int most = 0;
};

void add_rows(FunctionRegistry& registry, const char* family, bool is_operator, std::vector<Row> rows) {
  for (Row& row : rows) {
    FunctionInfo info;
    info.name = row.name;
    info.family = family;
    info.min_args = row.arguments;
    info.max_args = row.most ? row.most : row.arguments;
    info.signature = row.signature;
    info.summary = row.summary;
    info.example = row.example;
    info.resolve = std::move(row.resolve);
    info.is_operator = is_operator;
    registry.add(std::move(info));
  }
}

}  // namespace

void register_logic(FunctionRegistry& registry) {
  const TypeRef boolean = types::boolean(), bigint = types::bigint();
  add_rows(
      registry, "operators", true,
      {{"not", 1, "not b", "Gives the opposite; also `!b`.", "not false", fixed({boolean}, boolean, negate, kAnyBits)},
       {"and", 2, "b and b", "True if both are; the right side is not evaluated where the left one is false.",
        "true and not false", resolve_never, -1},
       {"or", 2, "b or b", "True if one is; the right side is not evaluated where the left one is true.",
        "false or true", resolve_never, -1},
       {"between", 3, "a between x and y", "Tells whether a >= x and a <= y.", "2 between 1 and 3", resolve_never},
       {"is_true", 1, "b is true", "Tells whether b is true; false for NULL.", "(null is true) = false",
        fixed({boolean}, boolean, test_truth<true>, kHandlesNulls)},
       {"is_false", 1, "b is false", "Tells whether b is false; false for NULL.", "false is false",
        fixed({boolean}, boolean, test_truth<false>, kHandlesNulls)},
       {"&", 2, "a & b", "Gives the bits that both have.", "6 & 3 = 2",
        fixed({bigint, bigint}, bigint, bit_and, kAnyBits)},
       {"|", 2, "a | b", "Gives the bits that one has.", "6 | 3 = 7",
        fixed({bigint, bigint}, bigint, bit_or, kAnyBits)},
       {"^", 2, "a ^ b", "Gives the bits that differ.", "6 ^ 3 = 5",
        fixed({bigint, bigint}, bigint, bit_xor, kAnyBits)},
       {"~", 1, "~a", "Gives the other bits.", "~0 = -1", fixed({bigint}, bigint, bit_not, kAnyBits)}});
  add_rows(registry, "conditionals", false,
           {{"isnull", 1, "isnull(v)", "Tells whether v is NULL; also `v is null`.", "isnull(null)",
             fixed({nullptr}, boolean, test_null<true>, kHandlesNulls)},
            {"isnotnull", 1, "isnotnull(v)", "Tells whether v is not NULL; also `v is not null`.", "isnotnull(1)",
             fixed({nullptr}, boolean, test_null<false>, kHandlesNulls)}});
}

}  // namespace sr::expr
