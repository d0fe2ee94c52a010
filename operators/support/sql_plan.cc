#include "operators/support/sql_plan.h"

#include <algorithm>
#include <numeric>

#include "engine/flow/emit_rows.h"
#include "engine/flow/row_order.h"
#include "operators/support/failed_rows.h"

namespace sr::operators {

SchemaRef SqlRelation::schema() const {
  std::vector<Field> fields;
  for (const SqlColumn& column : columns) fields.push_back({column.name, column.type});
  return std::make_shared<const Schema>(std::move(fields));
}

namespace {

expr::EvalInput input_of(const Chunk& table, const SqlRun& run) {
  return {table.columns, table.rows, table.selection(), &run.context->tick, run.context->seed};
}

Chunk rows_of(const Chunk& table, const std::vector<std::uint32_t>& rows) {
  const Selection selection{rows.data(), static_cast<std::uint32_t>(rows.size())};
  Chunk picked{table.schema, {}, selection.count, nullptr, nullptr};
  for (const ColumnRef& column : table.columns) picked.columns.push_back(gather(column, selection));
  return picked;
}

// Rows that did not fail; the node's on_error has the others.
std::vector<std::uint32_t> good_rows(const Chunk& table, const expr::RowErrors& errors, SqlRun& run) {
  std::vector<std::uint32_t> rows;
  if (!live_rows(table, errors, *run.out, rows)) run.failed = true;
  return rows;
}

std::vector<ColumnRef> evaluate_all(const std::vector<expr::BoundRef>& expressions, const Chunk& table,
                                    const SqlRun& run, expr::RowErrors& errors) {
  std::vector<ColumnRef> columns;
  for (const expr::BoundRef& e : expressions) columns.push_back(expr::evaluate(*e, input_of(table, run), errors));
  return columns;
}

class Table final : public SqlRelation {
 public:
  explicit Table(std::uint32_t input) : input_(input) {}
  Chunk run(SqlRun& run) const override { return run.tables[input_]; }

 private:
  std::uint32_t input_;
};

class Filter final : public SqlRelation {
 public:
  Filter(SqlRelationRef from, expr::BoundRef condition) : from_(std::move(from)), condition_(std::move(condition)) {
    columns = from_->columns;
  }
  Chunk run(SqlRun& run) const override {
    const Chunk table = from_->run(run);
    expr::RowErrors errors;
    Vec<std::uint32_t> rows;
    expr::select_true(*condition_, input_of(table, run), errors, rows);
    if (!errors.empty()) good_rows(table, errors, run);
    return rows_of(table, std::vector<std::uint32_t>(rows.begin(), rows.end()));
  }

 private:
  SqlRelationRef from_;
  expr::BoundRef condition_;
};

class Project final : public SqlRelation {
 public:
  Project(SqlRelationRef from, std::vector<expr::BoundRef> expressions, std::vector<std::string> names)
      : from_(std::move(from)), expressions_(std::move(expressions)) {
    for (std::size_t i = 0; i < names.size(); ++i) columns.push_back({"", names[i], expressions_[i]->type});
    schema_ = schema();
  }
  Chunk run(SqlRun& run) const override {
    Chunk table = from_->run(run);
    expr::RowErrors errors;
    Chunk result{schema_, evaluate_all(expressions_, table, run, errors), table.rows, nullptr, nullptr};
    return errors.empty() ? result : rows_of(result, good_rows(table, errors, run));
  }

 private:
  SqlRelationRef from_;
  std::vector<expr::BoundRef> expressions_;
  SchemaRef schema_;
};

class Join final : public SqlRelation {
 public:
  Join(JoinHow how, SqlRelationRef left, SqlRelationRef right, JoinKeys keys)
      : how_(how), left_(std::move(left)), right_(std::move(right)), keys_(std::move(keys)) {
    columns = left_->columns;
    both_ = how != JoinHow::left_semi && how != JoinHow::left_anti;
    if (both_) columns.insert(columns.end(), right_->columns.begin(), right_->columns.end());
    schema_ = schema();
  }
  Chunk run(SqlRun& run) const override {
    const Chunk left = left_->run(run), right = right_->run(run);
    JoinSide left_side, right_side;
    prepare(left, keys_.left, run, left_side);
    prepare(right, keys_.right, run, right_side);
    const KeyIndex index(keys_.types, right_side.keys, right_side.rows);
    const JoinPairs pairs = match(how_, index, {left_side.keys, left_side.rows}, right_side.rows);
    Chunk result{schema_, {}, static_cast<std::uint32_t>(pairs.left.size()), nullptr, nullptr};
    for (const ColumnRef& column : left.columns) result.columns.push_back(gather_or_null(column, pairs.left));
    if (both_) {
      for (const ColumnRef& column : right.columns) result.columns.push_back(gather_or_null(column, pairs.right));
    }
    return result;
  }

 private:
  // The keys of a table's rows, and those that have one.
  struct JoinSide {
    std::vector<ColumnRef> keys;
    Selection rows;
    std::vector<std::uint32_t> kept;
  };

  static void prepare(const Chunk& table, const std::vector<expr::BoundRef>& keys, SqlRun& run, JoinSide& side) {
    expr::RowErrors errors;
    side.keys = evaluate_all(keys, table, run, errors);
    side.rows = table.selection();
    if (errors.empty()) return;
    side.kept = good_rows(table, errors, run);
    side.rows = {side.kept.data(), static_cast<std::uint32_t>(side.kept.size())};
  }

  JoinHow how_;
  SqlRelationRef left_, right_;
  JoinKeys keys_;
  bool both_ = true;
  SchemaRef schema_;
};

class Aggregate final : public SqlRelation {
 public:
  Aggregate(SqlRelationRef from, std::vector<expr::BoundRef> keys, std::vector<expr::AggregateCall> calls,
            std::uint32_t gap)
      : from_(std::move(from)), keys_(std::move(keys)), calls_(std::move(calls)), gap_(gap) {
    for (const expr::BoundRef& key : keys_) columns.push_back({"", "", key->type});
    for (std::uint32_t i = 0; i < gap; ++i) columns.push_back({"", "", types::bigint()});
    for (const expr::AggregateCall& call : calls_) columns.push_back({"", "", call.aggregate.result});
    schema_ = schema();
  }
  Chunk run(SqlRun& run) const override {
    const Chunk table = from_->run(run);
    expr::RowErrors errors;
    const std::vector<ColumnRef> keys = evaluate_all(keys_, table, run, errors);
    std::vector<std::vector<ColumnRef>> args;
    for (const expr::AggregateCall& call : calls_) args.push_back(evaluate_all(call.args, table, run, errors));
    const std::vector<std::uint32_t> rows = good_rows(table, errors, run);
    const Selection selection{rows.data(), static_cast<std::uint32_t>(rows.size())};
    std::vector<TypeRef> types;
    for (const expr::BoundRef& key : keys_) types.push_back(key->type);
    GroupTable groups(types);
    std::vector<std::uint32_t> group_of(rows.size(), 0);
    if (!keys_.empty()) groups.find_or_insert(keys, selection, group_of.data());
    const std::uint32_t count = keys_.empty() ? 1 : groups.size();
    std::vector<std::uint32_t> all(count);
    std::iota(all.begin(), all.end(), 0U);
    Chunk result{schema_, groups.keys(0, keys_.empty() ? 0 : count), count, nullptr, nullptr};
    for (std::uint32_t i = 0; i < gap_; ++i) result.columns.push_back(null_column(types::bigint(), count));
    expr::RowErrors overflow;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const auto states = calls_[i].aggregate.make();
      states->resize(count);
      if (selection.count > 0) states->update(group_of.data(), selection, args[i]);
      result.columns.push_back(states->finish(all, overflow));
    }
    return overflow.empty() ? result : rows_of(result, good_rows(result, overflow, run));
  }

 private:
  SqlRelationRef from_;
  std::vector<expr::BoundRef> keys_;
  std::vector<expr::AggregateCall> calls_;
  std::uint32_t gap_;
  SchemaRef schema_;
};

class Padded final : public SqlRelation {
 public:
  Padded(SqlRelationRef from, std::uint32_t count) : from_(std::move(from)), count_(count) {
    columns = from_->columns;
    for (std::uint32_t i = 0; i < count; ++i) columns.push_back({"", "", types::bigint()});
    schema_ = schema();
  }
  Chunk run(SqlRun& run) const override {
    Chunk table = from_->run(run);
    table.schema = schema_;
    for (std::uint32_t i = 0; i < count_; ++i) table.columns.push_back(null_column(types::bigint(), table.rows));
    return table;
  }

 private:
  SqlRelationRef from_;
  std::uint32_t count_;
  SchemaRef schema_;
};

class Ranked final : public SqlRelation {
 public:
  Ranked(SqlRelationRef from, SqlRanking ranking) : from_(std::move(from)), ranking_(std::move(ranking)) {
    columns = from_->columns;
  }
  Chunk run(SqlRun& run) const override {
    Chunk table = from_->run(run);
    expr::RowErrors errors;
    evaluate_all(ranking_.partition_by, table, run, errors);
    for (const expr::BoundOrder& item : ranking_.order_by) expr::evaluate(*item.expr, input_of(table, run), errors);
    if (!errors.empty()) table = rows_of(table, good_rows(table, errors, run));
    rank(table, run);
    return table;
  }

 private:
  void rank(Chunk& table, const SqlRun& run) const {
    expr::RowErrors none;
    const std::vector<ColumnRef> keys = evaluate_all(ranking_.partition_by, table, run, none);
    const flow::RowOrder order(ranking_.order_by, table, *run.context, none);
    std::vector<TypeRef> types;
    for (const expr::BoundRef& key : ranking_.partition_by) types.push_back(key->type);
    GroupTable groups(types);
    std::vector<std::uint32_t> group_of(table.rows, 0);
    if (!keys.empty()) groups.find_or_insert(keys, table.selection(), group_of.data());
    auto ranks = std::make_shared<Column>(types::bigint(), table.rows);
    number(group_of, keys.empty() ? 1 : groups.size(), order, ranks->make_values<std::int64_t>(table.rows));
    table.columns[ranking_.column] = ranks;
  }

  void number(const std::vector<std::uint32_t>& group_of, std::uint32_t groups, const flow::RowOrder& order,
              std::int64_t* ranks) const {
    std::vector<std::vector<std::uint32_t>> members(groups);
    for (std::uint32_t row = 0; row < group_of.size(); ++row) members[group_of[row]].push_back(row);
    for (std::vector<std::uint32_t>& rows : members) {
      order.sort(rows);
      std::int64_t rank = 0, dense = 0;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool tied = i != 0 && order.compare(rows[i - 1], rows[i]) == 0;
        if (!tied) {
          rank = static_cast<std::int64_t>(i) + 1;
          ++dense;
        }
        const bool plain = ranking_.kind == SqlRank::Kind::row_number;
        ranks[rows[i]] = plain ? static_cast<std::int64_t>(i) + 1 : ranking_.kind == SqlRank::Kind::rank ? rank : dense;
      }
    }
  }

  SqlRelationRef from_;
  SqlRanking ranking_;
};

class Distinct final : public SqlRelation {
 public:
  explicit Distinct(SqlRelationRef from) : from_(std::move(from)) { columns = from_->columns; }
  Chunk run(SqlRun& run) const override {
    const Chunk table = from_->run(run);
    std::vector<TypeRef> types;
    for (const SqlColumn& column : columns) types.push_back(column.type);
    GroupTable seen(types);
    std::vector<std::uint32_t> group_of(table.rows), first;
    seen.find_or_insert(table.columns, table.selection(), group_of.data());
    for (std::uint32_t row = 0; row < table.rows; ++row) {
      if (group_of[row] == first.size()) first.push_back(row);
    }
    return rows_of(table, first);
  }

 private:
  SqlRelationRef from_;
};

class Sorted final : public SqlRelation {
 public:
  Sorted(SqlRelationRef from, std::vector<expr::BoundOrder> order) : from_(std::move(from)), order_(std::move(order)) {
    columns = from_->columns;
  }
  Chunk run(SqlRun& run) const override {
    const Chunk table = from_->run(run);
    expr::RowErrors errors;
    const flow::RowOrder order(order_, table, *run.context, errors);
    std::vector<std::uint32_t> rows = good_rows(table, errors, run);
    order.sort(rows);
    return rows_of(table, rows);
  }

 private:
  SqlRelationRef from_;
  std::vector<expr::BoundOrder> order_;
};

class Limited final : public SqlRelation {
 public:
  Limited(SqlRelationRef from, std::int64_t most) : from_(std::move(from)), most_(most) { columns = from_->columns; }
  Chunk run(SqlRun& run) const override {
    const Chunk table = from_->run(run);
    std::vector<std::uint32_t> rows(static_cast<std::size_t>(std::clamp<std::int64_t>(most_, 0, table.rows)));
    std::iota(rows.begin(), rows.end(), 0U);
    return rows_of(table, rows);
  }

 private:
  SqlRelationRef from_;
  std::int64_t most_;
};

class UnionAll final : public SqlRelation {
 public:
  explicit UnionAll(std::vector<SqlRelationRef> parts) : parts_(std::move(parts)) {
    columns = parts_[0]->columns;
    schema_ = schema();
  }
  Chunk run(SqlRun& run) const override {
    std::vector<Chunk> chunks;
    for (const SqlRelationRef& part : parts_) {
      chunks.push_back(part->run(run));
      chunks.back().schema = schema_;
    }
    return flow::concat_chunks(schema_, chunks);
  }

 private:
  std::vector<SqlRelationRef> parts_;
  SchemaRef schema_;
};

}  // namespace

SqlRelationRef sql_table(std::uint32_t input, const Schema& schema, std::string alias) {
  auto table = std::make_shared<Table>(input);
  for (const Field& field : schema.fields) table->columns.push_back({alias, field.name, field.type});
  return table;
}

SqlRelationRef sql_renamed(SqlRelationRef from, const std::string& alias) {
  auto renamed = std::make_shared<Padded>(std::move(from), 0);
  for (SqlColumn& column : renamed->columns) column.table = alias;
  return renamed;
}

SqlRelationRef sql_filter(SqlRelationRef from, expr::BoundRef condition) {
  return std::make_shared<Filter>(std::move(from), std::move(condition));
}
SqlRelationRef sql_project(SqlRelationRef from, std::vector<expr::BoundRef> expressions,
                           std::vector<std::string> names) {
  return std::make_shared<Project>(std::move(from), std::move(expressions), std::move(names));
}
SqlRelationRef sql_join(JoinHow how, SqlRelationRef left, SqlRelationRef right, JoinKeys keys) {
  return std::make_shared<Join>(how, std::move(left), std::move(right), std::move(keys));
}
SqlRelationRef sql_aggregate(SqlRelationRef from, std::vector<expr::BoundRef> keys,
                             std::vector<expr::AggregateCall> calls, std::uint32_t gap) {
  return std::make_shared<Aggregate>(std::move(from), std::move(keys), std::move(calls), gap);
}
SqlRelationRef sql_padded(SqlRelationRef from, std::uint32_t count) {
  return std::make_shared<Padded>(std::move(from), count);
}
SqlRelationRef sql_ranked(SqlRelationRef from, SqlRanking ranking) {
  return std::make_shared<Ranked>(std::move(from), std::move(ranking));
}
SqlRelationRef sql_distinct(SqlRelationRef from) {
  return std::make_shared<Distinct>(std::move(from));
}
SqlRelationRef sql_sorted(SqlRelationRef from, std::vector<expr::BoundOrder> order) {
  return std::make_shared<Sorted>(std::move(from), std::move(order));
}
SqlRelationRef sql_limited(SqlRelationRef from, std::int64_t rows) {
  return std::make_shared<Limited>(std::move(from), rows);
}
SqlRelationRef sql_union_all(std::vector<SqlRelationRef> parts) {
  return std::make_shared<UnionAll>(std::move(parts));
}

}  // namespace sr::operators
