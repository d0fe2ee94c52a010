// The rows that a join gives: its output columns from pairs of left and right rows, with or without `select`.
// Tested in tests/jobs/join.yaml.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "operators/support/join_keys.h"

namespace sr::operators {

enum class JoinHow : std::uint8_t { inner, left_outer, right_outer, full_outer, left_semi, left_anti };

// Where an output column comes from.
struct JoinColumn {
  enum class From : std::uint8_t { left, right, key } from = From::left;
  std::uint32_t index = 0;  // column of the side; key: position in JoinKeys
};

struct JoinOutput {
  JoinHow how = JoinHow::inner;
  bool by_key = true;  // `key`: key columns are filled from either side
  JoinKeys keys;
  bool bounded =
      false;  // windows of event time: their bounds are two more key columns, of which only the types are in `keys`
  SchemaRef left, right;
  SchemaRef schema;                    // of the result
  std::vector<JoinColumn> columns;     // without `select`
  std::vector<expr::BoundRef> select;  // over left's columns, right's columns, then the keys
};

// The rows of the left side with their keys.
struct JoinLeft {
  std::span<const ColumnRef> keys;
  Selection rows;
};

// Matches rows of two dense tables: left rows in order, each with its matches in right order, then unmatched right
// rows. `right_rows` are those that `right` was made of.
JoinPairs match(JoinHow how, const KeyIndex& right, const JoinLeft& left, Selection right_rows);

// Two tables with their evaluated keys.
struct JoinTables {
  const Chunk* left = nullptr;
  const Chunk* right = nullptr;
  std::span<const ColumnRef> left_keys;
  std::span<const ColumnRef> right_keys;
};

// What is joined: the shape of the result and the two tables.
struct Joined {
  const JoinOutput& output;
  JoinTables tables;
};

// Emits the pairs as output rows.
Status emit_joined(const Joined& joined, const JoinPairs& pairs, const flow::BatchContext& context, flow::Emitter& out);

// Matches two dense tables and emits the result; a row whose key fails goes to the node's on_error and takes no part.
// `bounds`: key columns of each side besides those that are evaluated.
Status join_tables(const JoinOutput& output, const std::array<const Chunk*, 2>& tables,
                   const std::array<std::vector<ColumnRef>, 2>& bounds, const flow::BatchContext& context,
                   flow::Emitter& out);

// Columns of input `side` that the output columns `needed` (empty: all) and the keys read.
std::set<std::uint32_t> columns_read(const JoinOutput& output, std::uint32_t side,
                                     const std::set<std::uint32_t>& needed);

}  // namespace sr::operators
