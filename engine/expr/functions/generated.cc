// What the columns of a generating source may use: `row`, and rand(), which depends on seed and row alone. Entry
// points: resolve_row, resolve_rand. Tested in tests/unit/expr/eval_test.cc.
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/internal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

struct Seed {
  std::uint64_t value = 0;
};

// SplitMix64: a full-period mix of a counter.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

std::shared_ptr<Column> row_numbers(const CallContext& context, Args) {
  Output<std::int64_t> out(context);
  for (std::uint32_t row = 0; row < context.rows; ++row)
    out[row] = static_cast<std::int64_t>(context.first_ordinal + row);
  return out.take();
}

std::shared_ptr<Column> random_numbers(const CallContext& context, Args) {
  const std::uint64_t seed = mix(context.seed ^ mix(static_cast<const Seed*>(context.prepared)->value));
  Output<double> out(context);
  for (std::uint32_t row = 0; row < context.rows; ++row) {
    out[row] = static_cast<double>(mix(seed + context.first_ordinal + row) >> 11) * 0x1.0p-53;
  }
  return out.take();
}

}  // namespace

void resolve_row(BoundExpr* node) {
  node->name = "row";
  node->type = types::bigint();
  node->deterministic = false;
  set_call(&node->call, types::bigint(), row_numbers, {.nulls = Nulls::handled, .deterministic = false});
}

void resolve_rand(std::int64_t seed, BoundExpr* node) {
  node->name = "rand";
  node->detail = std::to_string(seed);
  node->type = types::float64();
  node->deterministic = false;
  set_call(&node->call, types::float64(), random_numbers, {.nulls = Nulls::handled, .deterministic = false});
  node->call.prepared = std::make_shared<const Seed>(Seed{static_cast<std::uint64_t>(seed)});
}

}  // namespace sr::expr
