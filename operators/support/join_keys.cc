#include "operators/support/join_keys.h"

#include <algorithm>

namespace sr::operators {

std::vector<ColumnRef> evaluate_keys(const std::vector<expr::BoundRef>& keys, const Chunk& table,
                                     const flow::BatchContext& context, expr::RowErrors& errors) {
  const expr::EvalInput input{table.columns, table.rows, table.selection(), &context.tick, context.seed};
  std::vector<ColumnRef> columns;
  for (const expr::BoundRef& key : keys) columns.push_back(expr::evaluate(*key, input, errors));
  return columns;
}

std::vector<std::uint32_t> rows_with_keys(std::span<const ColumnRef> keys, Selection rows) {
  std::vector<std::uint32_t> found;
  found.reserve(rows.count);
  rows.for_each([&](std::uint32_t row) {
    if (std::all_of(keys.begin(), keys.end(), [&](const ColumnRef& key) { return key->valid(row); }))
      found.push_back(row);
  });
  return found;
}

KeyIndex::KeyIndex(const std::vector<TypeRef>& types, std::span<const ColumnRef> keys, Selection rows, bool with_nulls)
    : with_nulls_(with_nulls), table_(types) {
  std::vector<std::uint32_t> listed;
  if (with_nulls) {
    rows.for_each([&](std::uint32_t row) { listed.push_back(row); });
  } else {
    listed = rows_with_keys(keys, rows);
  }
  std::vector<std::uint32_t> key_of(listed.size());
  table_.find_or_insert(keys, Selection{listed.data(), static_cast<std::uint32_t>(listed.size())}, key_of.data());
  begin_.assign(table_.size() + 1, 0);
  for (const std::uint32_t key : key_of) ++begin_[key + 1];
  for (std::size_t key = 1; key < begin_.size(); ++key) begin_[key] += begin_[key - 1];
  rows_.resize(listed.size());
  std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (std::size_t i = 0; i < listed.size(); ++i) rows_[next[key_of[i]]++] = listed[i];
}

std::vector<std::uint32_t> KeyIndex::lookup(std::span<const ColumnRef> keys, Selection rows) const {
  std::vector<std::uint32_t> found(rows.count, kNoRow);
  if (with_nulls_) {
    table_.find(keys, rows, found.data());
    return found;
  }
  const std::vector<std::uint32_t> listed = rows_with_keys(keys, rows);
  if (listed.size() == rows.count) {
    table_.find(keys, rows, found.data());
    return found;
  }
  std::vector<std::uint32_t> of_listed(listed.size(), kNoRow);
  table_.find(keys, Selection{listed.data(), static_cast<std::uint32_t>(listed.size())}, of_listed.data());
  std::size_t next = 0;
  for (std::uint32_t i = 0; i < rows.count && next < listed.size(); ++i) {
    if (rows[i] == listed[next]) found[i] = of_listed[next++];
  }
  return found;
}

expr::BoundRef bound_column(const TypeRef& type, std::uint32_t index) {
  auto bound = std::make_shared<expr::BoundExpr>();
  bound->kind = expr::BoundExpr::Kind::column;
  bound->type = type;
  bound->index = index;
  return bound;
}

namespace {

struct KeyPair {
  expr::BoundRef left;
  expr::BoundRef right;
  Span span;
};

// Brings a pair of keys to one type; false if there is none (reported) or one is not known.
bool add_pair(KeyPair pair, specs::BindContext& context, JoinKeys& keys) {
  auto& [left, right, span] = pair;
  if (!left->type || !right->type) return false;  // unknown because of an earlier error
  const TypeRef common = expr::common_type(left->type, right->type);
  if (!common || common->id == TypeId::variant || common->id == TypeId::map) {
    context.error("SR4401", span,
                  "the sides of the join cannot be compared: " + left->type->name() + " on the left, " +
                      right->type->name() + " on the right",
                  "", "cast one side in a `map` before the join");
    return false;
  }
  keys.left.push_back(expr::cast_to(std::move(left), common));
  keys.right.push_back(expr::cast_to(std::move(right), common));
  keys.types.push_back(common);
  return true;
}

bool only_from(const expr::BoundExpr& expression, std::uint32_t begin, std::uint32_t end) {
  std::set<std::uint32_t> columns;
  expr::collect_columns(expression, columns);
  return !columns.empty() && *columns.begin() >= begin && *columns.rbegin() < end;
}

expr::BoundRef shifted(const expr::BoundRef& expression, std::uint32_t by) {
  auto copy = std::make_shared<expr::BoundExpr>(*expression);
  if (copy->kind == expr::BoundExpr::Kind::column) copy->index -= by;
  for (expr::BoundRef& arg : copy->args) arg = shifted(arg, by);
  return copy;
}

// Walks `a and b and …`; gives false after a report.
bool add_equalities(const expr::BoundRef& condition, const specs::ExprOption& on, specs::BindContext& context,
                    JoinKeys& keys) {
  if (condition->kind == expr::BoundExpr::Kind::logic && condition->name == "and") {
    bool good = true;
    for (const expr::BoundRef& part : condition->args) good = add_equalities(part, on, context, keys) && good;
    return good;
  }
  const auto lefts = static_cast<std::uint32_t>(context.inputs()[kLeft].schema->size());
  const auto all = lefts + static_cast<std::uint32_t>(context.inputs()[kRight].schema->size());
  const Span span = on.value.locate(condition->begin, condition->end);
  if ((condition->name == "=" || condition->name == "==") && condition->args.size() == 2) {
    const expr::BoundRef &a = condition->args[0], &b = condition->args[1];
    if (only_from(*a, 0, lefts) && only_from(*b, lefts, all))
      return add_pair({a, shifted(b, lefts), span}, context, keys);
    if (only_from(*b, 0, lefts) && only_from(*a, lefts, all))
      return add_pair({b, shifted(a, lefts), span}, context, keys);
  }
  context.error("SR4402", span, "`on` takes equalities of a left and a right expression, joined by `and`",
                "not such an equality",
                "for example `left.user = right.user and left.ad = right.ad`; filter on anything else after the join");
  return false;
}

}  // namespace

std::optional<JoinKeys> bind_join_key(const specs::KeyOption& key, specs::BindContext& context) {
  const SchemaRef &left = context.inputs()[kLeft].schema, &right = context.inputs()[kRight].schema;
  const auto& right_names = key.two_sided ? key.right : key.columns;
  const auto left_columns = context.key_columns(key.columns, left);
  const auto right_columns = context.key_columns(right_names, right);
  if (!left_columns || !right_columns || key.columns.size() != right_names.size()) return std::nullopt;
  if (context.failed()) return std::nullopt;  // a name was mended: what follows goes by names
  JoinKeys keys;
  for (std::size_t i = 0; i < left_columns->size(); ++i) {
    const std::uint32_t l = (*left_columns)[i], r = (*right_columns)[i];
    if (!add_pair({bound_column(left->fields[l].type, l), bound_column(right->fields[r].type, r), key.columns[i].span},
                  context, keys)) {
      return std::nullopt;
    }
  }
  return keys;
}

std::optional<JoinKeys> bind_join_on(const specs::ExprOption& on, specs::BindContext& context) {
  const expr::BoundRef condition = context.bind_condition(on, context.two_sided_scope(), "`on`");
  if (!condition || !context.inputs()[kLeft].schema || !context.inputs()[kRight].schema) return std::nullopt;
  JoinKeys keys;
  if (!add_equalities(condition, on, context, keys)) return std::nullopt;
  return keys;
}

ColumnRef gather_or_null(const ColumnRef& column, std::span<const std::uint32_t> rows) {
  const auto count = static_cast<std::uint32_t>(rows.size());
  const bool all_there = std::find(rows.begin(), rows.end(), kNoRow) == rows.end();
  if (all_there) return gather(column, Selection{rows.data(), count});
  if (column->size == 0) return null_column(column->type, count);
  std::vector<std::uint32_t> present(rows.begin(), rows.end());
  std::replace(present.begin(), present.end(), kNoRow, 0U);
  auto result = std::make_shared<Column>(*flatten(gather(column, Selection{present.data(), count})));
  if (result->type->id == TypeId::null) return result;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (rows[i] == kNoRow) result->set_null(i);
  }
  return result;
}

}  // namespace sr::operators
