// Random rows of a key and a number, the aggregates of a window over them, and the same computed from the rows at once.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "engine/data/codec.h"
#include "engine/expr/eval.h"
#include "engine/state/grouped_states.h"

namespace sr {

struct Row {
  std::int64_t key = 0;
  std::int64_t value = 0;
  std::int64_t time = 0;
};

struct Random {
  std::uint64_t state = 99;
  std::int64_t next(std::int64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::int64_t>((state >> 33) % static_cast<std::uint64_t>(bound));
  }
};

// Of the value: count(*), sum, max, sum as a double, min, approx_count_distinct, count(distinct); where the order of
// rows may show also collect_list, first and last.
inline GroupingShape window_shape(bool with_order) {
  GroupingShape shape;
  shape.keys = {types::bigint()};
  const auto add = [&](const char* name, std::vector<TypeRef> types, bool distinct = false) {
    const std::vector<ColumnRef> constants(types.size());
    expr::ResolvedAggregate call;
    expr::ResolveError error;
    REQUIRE(expr::aggregates().find(name)->resolve({types, constants}, distinct, &call, &error));
    shape.calls.push_back(call);
  };
  add("count", {});
  add("sum", {types::bigint()});
  add("max", {types::bigint()});
  add("sum", {types::float64()});
  add("min", {types::bigint()});
  add("approx_count_distinct", {types::bigint()});
  add("count", {types::bigint()}, true);
  for (const char* name : {"collect_list", "first", "last"}) {
    if (with_order) add(name, {types::bigint()});
  }
  return shape;
}

struct RowColumns {
  ColumnRef key;
  ColumnRef value;
  ColumnRef time;
  std::vector<std::vector<ColumnRef>> args;
  std::uint32_t count = 0;
};

inline RowColumns columns_of(const std::vector<Row>& rows, bool with_order) {
  ColumnBuilder key(types::bigint());
  ColumnBuilder value(types::bigint());
  ColumnBuilder time(types::timestamp());
  ColumnBuilder number(types::float64());
  for (const Row& row : rows) {
    key.append_int(row.key);
    value.append_int(row.value);
    time.append_int(row.time);
    number.append_double(static_cast<double>(row.value) / 8);
  }
  RowColumns columns{key.finish(), value.finish(), time.finish(), {}, static_cast<std::uint32_t>(rows.size())};
  columns.args = {{}, {columns.value}, {columns.value}, {number.finish()}};
  columns.args.resize(columns.args.size() + (with_order ? 6 : 3), {columns.value});
  return columns;
}

// The results of groups as texts, by key, in order of emission.
using Emitted = std::vector<std::pair<std::int64_t, std::string>>;

template <class StatesOf>
Emitted emitted(const GroupingShape& shape, const Column& keys, std::span<const std::uint32_t> groups,
                StatesOf states_of) {
  Emitted result;
  for (std::uint32_t i = 0; i < keys.size; ++i) result.emplace_back(keys.get<std::int64_t>(i), "");
  for (std::size_t call = 0; call < shape.calls.size(); ++call) {
    expr::RowErrors errors;
    const auto column = states_of(call).finish(groups, errors);
    for (std::uint32_t i = 0; i < keys.size; ++i) {
      TextBuffer text;
      write_text(text, *column, i);
      result[i].second += std::string(text.view()) + " ";
    }
  }
  return result;
}

// The results of rows taken at once, keys by first appearance.
inline Emitted at_once(const GroupingShape& shape, const std::vector<Row>& rows, bool with_order) {
  GroupedStates groups(shape);
  const RowColumns columns = columns_of(rows, with_order);
  groups.add({{columns.key}}, columns.args, Selection{nullptr, columns.count});
  if (groups.size() == 0) return {};
  std::vector<std::uint32_t> all(groups.size());
  std::iota(all.begin(), all.end(), 0U);
  return emitted(shape, *groups.table().keys(all)[0], all,
                 [&](std::size_t call) -> const expr::AggregateStates& { return groups.states(call); });
}

inline Emitted sorted(Emitted rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace sr
