// Every aggregate over random rows: one object that sees all rows must agree with runs that are merged, taken back,
// encoded or collected on the way.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "engine/data/codec.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/eval.h"

namespace sr::expr {
namespace {

constexpr std::uint32_t kGroups = 5;

struct Random {
  std::uint64_t state = 7;
  std::uint64_t next(std::uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  }
};

struct Rows {
  std::vector<ColumnRef> args;
  std::vector<std::uint32_t> groups;
  std::uint32_t count = 0;
};

void append_random(ColumnBuilder& builder, Random& random) {
  if (random.next(5) == 0) return builder.append_null();
  const auto n = static_cast<std::int64_t>(random.next(30));
  switch (builder.type()->id) {
    case TypeId::boolean:
      return builder.append_bool(n % 2 == 0);
    case TypeId::float64:
      return builder.append_double(n == 0 ? std::nan("") : static_cast<double>(n) / 4);
    case TypeId::decimal:
      return builder.append_decimal(n * 100 - 700);
    case TypeId::string:
      return builder.append_string(n % 3 == 0 ? "a text of more than twelve bytes" + std::to_string(n)
                                              : std::to_string(n));
    case TypeId::array:
      for (std::int64_t i = 0; i < n % 3; ++i) append_random(builder.child(0), random);
      return builder.end_list();
    default:
      return builder.append_int(n - 10);
  }
}

Rows random_rows(const std::vector<TypeRef>& types, std::uint32_t count, Random& random) {
  Rows rows;
  rows.count = count;
  for (const TypeRef& type : types) {
    ColumnBuilder builder(type);
    for (std::uint32_t i = 0; i < count; ++i) append_random(builder, random);
    rows.args.push_back(builder.finish());
  }
  for (std::uint32_t i = 0; i < count; ++i) rows.groups.push_back(static_cast<std::uint32_t>(random.next(kGroups - 1)));
  return rows;
}

// What a test calls: name, argument types, and the constants among them.
struct Call {
  std::string name;
  std::vector<TypeRef> types;
  std::map<std::size_t, ColumnRef> constants = {};
  bool distinct = false;
};

ColumnRef constant(double value) {
  ColumnBuilder builder(types::float64());
  builder.append_double(value);
  return builder.finish();
}

std::vector<Call> calls() {
  std::vector<Call> list{{"count", {}}};
  const std::vector<TypeRef> numbers{types::bigint(), types::float64(), types::decimal(8, 2)};
  std::vector<TypeRef> all = numbers;
  all.insert(all.end(), {types::boolean(), types::string(), types::timestamp(), types::array(types::string())});
  for (const char* name : {"sum", "avg", "mean", "median"}) {
    for (const TypeRef& type : numbers) list.push_back({name, {type}});
  }
  for (const char* name : {"stddev", "std", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"}) {
    list.push_back({name, {types::float64()}});
  }
  for (const char* name : {"count", "min", "max", "first", "last", "any_value", "first_value", "last_value",
                           "collect_list", "collect_set", "array_agg", "approx_count_distinct"}) {
    for (const TypeRef& type : all) list.push_back({name, {type}});
  }
  for (const TypeRef& type : all) {
    list.push_back({"min_by", {type, types::bigint()}});
    list.push_back({"max_by", {types::string(), type}});
    list.push_back({.name = "count", .types = {type}, .distinct = true});
  }
  list.push_back({.name = "count", .types = {types::string(), types::bigint()}, .distinct = true});
  for (const char* name : {"bool_and", "bool_or", "every", "some", "any", "count_if"}) {
    list.push_back({name, {types::boolean()}});
  }
  for (const char* name : {"percentile", "approx_percentile", "percentile_approx"}) {
    list.push_back({name, {types::float64(), types::float64()}, {{1, constant(0.3)}}});
  }
  list.push_back({"string_agg", {types::string()}});
  list.push_back({"listagg", {types::string()}});
  return list;
}

ResolvedAggregate resolve(const Call& call) {
  const AggregateInfo* info = aggregates().find(call.name);
  REQUIRE(info != nullptr);
  std::vector<ColumnRef> constants(call.types.size());
  for (const auto& [index, column] : call.constants) constants[index] = column;
  ResolvedAggregate resolved;
  ResolveError error;
  REQUIRE(info->resolve({call.types, constants}, call.distinct, &resolved, &error));
  return resolved;
}

// The argument types after the casts that a binder would add.
std::vector<TypeRef> cast_types(const Call& call, const ResolvedAggregate& resolved) {
  std::vector<TypeRef> types = call.types;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (resolved.params[i]) types[i] = resolved.params[i];
  }
  return types;
}

void update(AggregateStates& states, const Rows& rows, std::uint32_t begin, std::uint32_t end) {
  Vec<std::uint32_t> selected;
  std::vector<std::uint32_t> groups;
  for (std::uint32_t row = begin; row < end; ++row) {
    selected.push_back(row);
    groups.push_back(rows.groups[row]);
  }
  states.update(groups.data(), Selection{selected.data(), end - begin}, rows.args);
}

const std::vector<std::uint32_t> kAll{0, 1, 2, 3, 4};

std::unique_ptr<AggregateStates> made(const ResolvedAggregate& resolved) {
  std::unique_ptr<AggregateStates> states = resolved.make();
  states->resize(kGroups);
  return states;
}

std::vector<std::string> finished(const ResolvedAggregate& resolved, const AggregateStates& states) {
  RowErrors errors;
  const auto column = states.finish(kAll, errors);
  REQUIRE(errors.empty());
  REQUIRE(same_type(column->type, resolved.result));
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < kGroups; ++i) {
    TextBuffer text;
    if (column->type->id == TypeId::float64 && column->valid(i) && !resolved.exact) {
      // Merged in another way the last bits may differ.
      const double value = column->get<double>(i);
      write_double(text, std::isfinite(value) ? std::round(value * 1e9) / 1e9 : value);
    } else {
      write_text(text, *column, i);
    }
    texts.emplace_back(text.view());
  }
  return texts;
}

TEST_CASE("runs of rows that are merged in order agree with all rows at once", "[aggregates]") {
  for (const Call& call : calls()) {
    DYNAMIC_SECTION(call.name << " " << (call.types.empty() ? "*" : call.types[0]->name()) << call.distinct) {
      Random random;
      const ResolvedAggregate resolved = resolve(call);
      const Rows rows = random_rows(cast_types(call, resolved), 400, random);
      const auto whole = made(resolved);
      const auto merged = made(resolved);
      const auto copied = made(resolved);
      std::uint32_t begin = 0;
      while (begin < rows.count) {
        const std::uint32_t end = std::min(rows.count, begin + 1 + static_cast<std::uint32_t>(random.next(120)));
        update(*whole, rows, begin, end);
        const auto run = made(resolved);
        update(*run, rows, begin, end);
        merged->merge(*run, kAll);
        std::string bytes;
        run->encode(bytes, kAll);
        const auto decoded = resolved.make();
        std::string_view input = bytes;
        REQUIRE(decoded->decode(&input, kGroups).ok());
        REQUIRE(input.empty());
        copied->merge(*decoded, kAll);
        begin = end;
      }
      REQUIRE(finished(resolved, *merged) == finished(resolved, *whole));
      REQUIRE(finished(resolved, *copied) == finished(resolved, *whole));
      const std::vector<std::string> before = finished(resolved, *whole);
      const std::vector<std::uint32_t> cleared{1, 3};
      whole->reset(cleared);
      const std::vector<std::string> after = finished(resolved, *whole);
      const std::vector<std::string> nothing = finished(resolved, *made(resolved));
      for (std::uint32_t group = 0; group < kGroups; ++group) {
        REQUIRE(after[group] == (group == 1 || group == 3 ? nothing[group] : before[group]));
      }
      if (resolved.empty_is_zero) REQUIRE(nothing[0] == "0");
    }
  }
}

TEST_CASE("taking a run back gives the state without it", "[aggregates]") {
  for (const Call& call : calls()) {
    const ResolvedAggregate resolved = resolve(call);
    if (!resolved.invertible) continue;
    DYNAMIC_SECTION(call.name << " " << (call.types.empty() ? "*" : call.types[0]->name())) {
      Random random;
      const Rows rows = random_rows(cast_types(call, resolved), 300, random);
      const auto whole = made(resolved);
      const auto old = made(resolved);
      const auto rest = made(resolved);
      update(*old, rows, 0, 120);
      update(*rest, rows, 120, 300);
      whole->merge(*old, kAll);
      whole->merge(*rest, kAll);
      whole->subtract(*old, kAll);
      REQUIRE(finished(resolved, *whole) == finished(resolved, *rest));
    }
  }
}

// The bits of each group's percentile, computed from its values in the total order of doubles.
std::vector<std::uint64_t> plain_percentiles(const Rows& rows, std::uint32_t begin, std::uint32_t end, double p) {
  std::vector<std::uint64_t> result;
  for (std::uint32_t group = 0; group < kGroups; ++group) {
    std::vector<double> values;
    for (std::uint32_t row = begin; row < end; ++row) {
      if (rows.groups[row] == group && rows.args[0]->valid(row)) values.push_back(rows.args[0]->get<double>(row));
    }
    std::sort(values.begin(), values.end(), [](double a, double b) {
      if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
      return a != b ? a < b : std::signbit(a) && !std::signbit(b);
    });
    if (values.empty()) {
      result.push_back(0);
      continue;
    }
    const double position = static_cast<double>(values.size() - 1) * p;
    const double low = values[static_cast<std::size_t>(std::floor(position))];
    const double high = values[static_cast<std::size_t>(std::ceil(position))];
    const bool alone = std::floor(position) == std::ceil(position) || low == high;
    const double value =
        alone ? low : (std::ceil(position) - position) * low + (position - std::floor(position)) * high;
    result.push_back(std::isnan(value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value));
  }
  return result;
}

TEST_CASE("a percentile of a moving window is that of its rows to the last bit, however large", "[aggregates]") {
  constexpr double kPercentage = 0.37;
  const ResolvedAggregate resolved =
      resolve({"percentile", {types::float64(), types::float64()}, {{1, constant(kPercentage)}}});
  REQUIRE(resolved.invertible);
  for (const std::uint32_t run : {7u, 300u, 4000u}) {
    Random random;
    Rows rows;
    rows.count = run * 12;
    ColumnBuilder builder(types::float64());
    for (std::uint32_t i = 0; i < rows.count; ++i) {
      const auto n = static_cast<double>(random.next(20'000));
      builder.append_double(n < 10 ? std::nan("") : n < 400 ? (n < 200 ? -0.0 : 0.0) : (n - 9'000) / 7);
      // Group 3 has one value in a hundred, group 0 most.
      const std::uint64_t choice = random.next(100);
      rows.groups.push_back(choice == 0 ? 3 : choice < 10 ? 2 : choice < 30 ? 1 : 0);
    }
    rows.args.push_back(builder.finish());
    const auto window = made(resolved);
    std::vector<std::unique_ptr<AggregateStates>> panes;
    for (std::uint32_t begin = 0; begin < rows.count; begin += run) {
      panes.push_back(made(resolved));
      update(*panes.back(), rows, begin, begin + run);
      window->merge(*panes.back(), kAll);
      const std::uint32_t first = begin >= 4 * run ? begin - 4 * run : 0;
      if (begin >= 5 * run) window->subtract(*panes[begin / run - 5], kAll);
      RowErrors errors;
      const auto column = window->finish(kAll, errors);
      std::vector<std::uint64_t> bits;
      for (std::uint32_t group = 0; group < kGroups; ++group) {
        const double value = column->valid(group) ? column->get<double>(group) : 0;
        bits.push_back(std::isnan(value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value));
      }
      REQUIRE(bits == plain_percentiles(rows, first, begin + run, kPercentage));
    }
    for (std::size_t pane = panes.size() - 5; pane < panes.size(); ++pane) window->subtract(*panes[pane], kAll);
    REQUIRE(finished(resolved, *window) == finished(resolved, *made(resolved)));
  }
}

TEST_CASE("a sum overflows only if its result does", "[aggregates]") {
  const ResolvedAggregate resolved = resolve({"sum", {types::bigint()}});
  const auto states = resolved.make();
  states->resize(1);
  const auto add = [&](std::int64_t value) {
    ColumnBuilder builder(types::bigint());
    builder.append_int(value);
    const ColumnRef column = builder.finish();
    states->update(nullptr, Selection{nullptr, 1}, {{column}});
  };
  const std::vector<std::uint32_t> group{0};
  add(INT64_MAX);
  add(1);
  RowErrors errors;
  (void)states->finish(group, errors);
  REQUIRE(errors.sorted().at(0).message.find("overflow") != std::string::npos);
  add(-1);
  RowErrors none;
  REQUIRE(states->finish(group, none)->get<std::int64_t>(0) == INT64_MAX);
  REQUIRE(none.empty());
}

TEST_CASE("approximate aggregates of many values keep their bounds", "[aggregates]") {
  const ResolvedAggregate distinct = resolve({"approx_count_distinct", {types::bigint()}});
  const ResolvedAggregate middle =
      resolve({"approx_percentile", {types::bigint(), types::float64()}, {{1, constant(0.25)}}});
  const auto counts = distinct.make();
  const auto ranks = middle.make();
  counts->resize(1);
  ranks->resize(1);
  constexpr std::int64_t kValues = 300000;
  ColumnBuilder builder(types::bigint());
  for (std::int64_t i = 0; i < kValues; ++i) builder.append_int(i * 7919 % kValues);
  const ColumnRef column = builder.finish();
  counts->update(nullptr, Selection{nullptr, kValues}, {{column}});
  ranks->update(nullptr, Selection{nullptr, kValues}, {{column}});
  RowErrors errors;
  const std::vector<std::uint32_t> group{0};
  const double count = static_cast<double>(counts->finish(group, errors)->get<std::int64_t>(0));
  REQUIRE(std::abs(count / kValues - 1) < 0.06);
  const double value = static_cast<double>(ranks->finish(group, errors)->get<std::int64_t>(0));
  REQUIRE(std::abs(value / kValues - 0.25) < 0.001);
}

}  // namespace
}  // namespace sr::expr
