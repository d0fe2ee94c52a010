#include "operators/support/sql_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/base/text.h"

namespace sr::operators {

namespace {

bool is_aggregate(const expr::Expr& e) {
  return e.kind == expr::ExprKind::call && expr::aggregates().find(e.name) != nullptr;
}

bool has_aggregate(const expr::Expr& e) {
  if (is_aggregate(e)) return true;
  return std::any_of(e.args.begin(), e.args.end(), [](const expr::ExprPtr& arg) { return arg && has_aggregate(*arg); });
}

bool same_parts(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) { return same_name(x, y); });
}

// The same expression as written, names without regard to case.
bool same_expr(const expr::Expr& a, const expr::Expr& b) {
  if (a.kind != b.kind || a.name != b.name || a.args.size() != b.args.size() || a.distinct != b.distinct) return false;
  if (a.kind == expr::ExprKind::name && !same_parts(a.parts, b.parts)) return false;
  if (a.kind == expr::ExprKind::interval && (a.months != b.months || a.micros != b.micros)) return false;
  if ((a.type || b.type) && !same_type(a.type, b.type)) return false;
  if (a.kind == expr::ExprKind::literal && (!a.value || !b.value || !equal_values(*a.value, 0, *b.value, 0)))
    return false;
  for (std::size_t i = 0; i < a.args.size(); ++i) {
    if (!a.args[i] != !b.args[i] || (a.args[i] && !same_expr(*a.args[i], *b.args[i]))) return false;
  }
  return true;
}

std::string key_name(std::size_t key) {
  return fmt::format("#key{}", key);
}

expr::ExprPtr make_name(std::string name, const expr::Expr& at) {
  auto made = std::make_unique<expr::Expr>();
  made->kind = expr::ExprKind::name;
  made->begin = made->name_begin = at.begin;
  made->end = made->name_end = at.end;
  made->parts = {std::move(name)};
  made->part_spans = {{at.begin, at.end}};
  return made;
}

}  // namespace

void SelectBinder::fail(const SqlText& text, const expr::Expr* at, std::string code, std::string message,
                        std::string help) {
  expr::ExprError error;
  error.begin = at ? at->begin : 0;
  error.end = at ? at->end : text.text.size();
  error.code = std::move(code);
  error.message = std::move(message);
  error.help = std::move(help);
  report_(text, error);
}

expr::ExprPtr SelectBinder::parse(const SqlText& text) {
  expr::ExprError error;
  expr::ExprPtr parsed = expr::parse_expression(text.text, &error);
  if (!parsed) report_(text, error);
  return parsed;
}

std::size_t SelectBinder::add_part(SqlText text, expr::ExprPtr parsed) {
  parts_.push_back({std::move(text), std::move(parsed)});
  return parts_.size() - 1;
}

bool SelectBinder::add_text(const SqlText& text, std::size_t* part) {
  expr::ExprPtr parsed = parse(text);
  if (!parsed) return false;
  *part = add_part(text, std::move(parsed));
  return true;
}

bool SelectBinder::gather_items(const SqlSelect& select) {
  for (const SqlItem& item : select.items) {
    if (!item.star) {
      std::size_t part = 0;
      if (!add_text(item.expr, &part)) return false;
      outputs_.push_back(part);
      names_.push_back(item.alias);
      continue;
    }
    std::unordered_map<std::string, std::size_t> named;
    for (const SqlColumn& column : from_->columns) ++named[ascii_lower(column.name)];
    for (const SqlColumn& column : from_->columns) {
      if (!item.star_of.empty() && !same_name(item.star_of, column.table)) continue;
      expr::ExprPtr name = make_name(column.name, expr::Expr{});
      if (named[ascii_lower(column.name)] > 1) {
        name->parts.insert(name->parts.begin(), column.table);
        name->part_spans.push_back(name->part_spans[0]);
      }
      outputs_.push_back(add_part(select.items[0].expr, std::move(name)));
      names_.push_back(column.name);
    }
  }
  std::unordered_set<std::string> taken;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (taken.insert(ascii_lower(names_[i])).second) continue;
    fail(parts_[outputs_[i]].text, nullptr, "SR4604", "two columns of the result are called `" + names_[i] + "`",
         "rename one: `expr AS name`");
    return false;
  }
  return true;
}

// GROUP BY takes expressions, names of the list, and places in it.
bool SelectBinder::gather_keys(const SqlSelect& select) {
  for (const SqlText& text : select.group_by) {
    expr::ExprPtr parsed = parse(text);
    if (!parsed) return false;
    SqlText source = text;
    const bool place = parsed->kind == expr::ExprKind::literal && parsed->type && parsed->type->id == TypeId::bigint;
    std::size_t item = kNone;
    if (place) {
      const std::int64_t at = parsed->value->get<std::int64_t>(0);
      if (at < 1 || at > static_cast<std::int64_t>(outputs_.size())) {
        fail(text, parsed.get(), "SR4605", "there is no column " + std::to_string(at) + " in the list of SELECT");
        return false;
      }
      item = static_cast<std::size_t>(at - 1);
    } else if (parsed->kind == expr::ExprKind::name && parsed->parts.size() == 1) {
      const bool column = std::any_of(from_->columns.begin(), from_->columns.end(),
                                      [&](const SqlColumn& c) { return same_name(c.name, parsed->parts[0]); });
      for (std::size_t i = 0; !column && i < names_.size(); ++i) {
        if (same_name(names_[i], parsed->parts[0])) item = i;
      }
    }
    if (item != kNone) {
      source = parts_[outputs_[item]].text;
      parsed = parse(source);
      if (!parsed) return false;
    }
    std::vector<expr::ExprError> errors;
    expr::BoundRef key = expr::bind(*parsed, row_, nullptr, errors);
    for (const expr::ExprError& error : errors) report_(source, error);
    if (!key) return false;
    keys_.push_back(std::move(key));
    key_parts_.push_back({source, std::move(parsed)});
  }
  return true;
}

bool SelectBinder::add_order_list(const SqlText& text, std::vector<OrderPart>& order, bool output_names) {
  expr::ExprError error;
  std::vector<expr::OrderItem> items = expr::parse_order(text.text, &error);
  if (items.empty()) {
    report_(text, error);
    return false;
  }
  for (expr::OrderItem& item : items) {
    std::size_t part = kNone;
    const bool place =
        item.expr->kind == expr::ExprKind::literal && item.expr->type && item.expr->type->id == TypeId::bigint;
    if (output_names && place) {
      const std::int64_t at = item.expr->value->get<std::int64_t>(0);
      if (at < 1 || at > static_cast<std::int64_t>(outputs_.size())) {
        fail(text, item.expr.get(), "SR4605", "there is no column " + std::to_string(at) + " in the list of SELECT");
        return false;
      }
      part = outputs_[static_cast<std::size_t>(at - 1)];
    }
    if (output_names && item.expr->kind == expr::ExprKind::name && item.expr->parts.size() == 1) {
      for (std::size_t i = 0; i < names_.size(); ++i) {
        if (same_name(names_[i], item.expr->parts[0])) part = outputs_[i];
      }
    }
    if (part == kNone) part = add_part(text, std::move(item.expr));
    order.push_back({part, item.descending, item.nulls_first});
  }
  return true;
}

bool SelectBinder::gather_ranks(const SqlSelect& select) {
  for (const SqlRank& rank : select.ranks) {
    RankParts parts;
    for (const SqlText& text : rank.partition_by) {
      std::size_t part = 0;
      if (!add_text(text, &part)) return false;
      parts.partition_by.push_back(part);
    }
    if (!add_order_list(rank.order_by, parts.order_by, false)) return false;
    ranks_.push_back(std::move(parts));
  }
  return true;
}

bool SelectBinder::gather_order(const SqlText& order_by) {
  return !order_by.present() || add_order_list(order_by, order_, true);
}

// Puts the key's column for every expression that is a key, outside aggregates.
void SelectBinder::name_keys(expr::Expr& e, const SqlText& text) const {
  for (expr::ExprPtr& arg : e.args) {
    if (!arg) continue;
    for (std::size_t key = 0; key < key_parts_.size(); ++key) {
      bool same = same_expr(*arg, *key_parts_[key].expr);
      if (!same && arg->kind == expr::ExprKind::name && keys_[key]->kind == expr::BoundExpr::Kind::column) {
        std::vector<expr::ExprError> errors;
        const expr::BoundRef column = expr::bind(*arg, row_, nullptr, errors);
        same = column && column->kind == expr::BoundExpr::Kind::column && column->index == keys_[key]->index;
      }
      if (!same) continue;
      arg = make_name(key_name(key), *arg);
      break;
    }
    if (!is_aggregate(*arg)) name_keys(*arg, text);
  }
}

bool SelectBinder::bind_plain() {
  expr::Scope scope = row_;
  for (std::size_t i = 0; i < ranks_.size(); ++i) scope.columns.push_back({"", rank_name(i), types::bigint(), false});
  bool good = true;
  for (Part& part : parts_) {
    std::vector<expr::ExprError> errors;
    bound_.push_back(expr::bind(*part.expr, scope, nullptr, errors));
    for (const expr::ExprError& error : errors) report_(part.text, error);
    good = good && bound_.back();
  }
  return good;
}

bool SelectBinder::bind_aggregated() {
  expr::Scope outer;
  outer.what = "the keys of GROUP BY";
  outer.macros = row_.macros;
  for (std::size_t i = 0; i < keys_.size(); ++i) outer.columns.push_back({"", key_name(i), keys_[i]->type, false});
  for (std::size_t i = 0; i < ranks_.size(); ++i) outer.columns.push_back({"", rank_name(i), types::bigint(), false});
  std::vector<expr::AggregateInput> inputs;
  for (Part& part : parts_) {
    // A root of its own, so that the whole expression may be a key.
    auto root = std::make_unique<expr::Expr>();
    root->args.push_back(std::move(part.expr));
    name_keys(*root, part.text);
    part.expr = std::move(root->args[0]);
    inputs.push_back({part.expr.get(), nullptr});
  }
  std::vector<expr::IndexedError> errors;
  expr::BoundAggregates bound = expr::bind_aggregates(inputs, row_, outer, errors);
  for (const expr::IndexedError& error : errors) report_(parts_[error.index].text, error.error);
  bound_ = std::move(bound.results);
  calls_ = std::move(bound.calls);
  return errors.empty() && std::all_of(bound_.begin(), bound_.end(), [](const auto& b) { return b != nullptr; });
}

SqlRelationRef SelectBinder::ranked(SqlRelationRef relation, const SqlSelect& select) const {
  const bool aggregated = !keys_.empty() || !calls_.empty();
  const std::size_t first = aggregated ? keys_.size() : from_->columns.size();
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    SqlRanking ranking{select.ranks[i].kind, {}, {}, static_cast<std::uint32_t>(first + i)};
    for (const std::size_t part : ranks_[i].partition_by) ranking.partition_by.push_back(bound_[part]);
    for (const OrderPart& item : ranks_[i].order_by)
      ranking.order_by.push_back({bound_[item.part], item.descending, item.nulls_first});
    relation = sql_ranked(std::move(relation), std::move(ranking));
  }
  return relation;
}

SqlRelationRef SelectBinder::projected(SqlRelationRef relation, const SqlSelect& select) const {
  std::vector<expr::BoundRef> expressions;
  for (const std::size_t part : outputs_) expressions.push_back(bound_[part]);
  if (order_.empty() || select.distinct) {
    SqlRelationRef result = sql_project(std::move(relation), expressions, names_);
    if (select.distinct) result = sql_distinct(std::move(result));
    std::vector<expr::BoundOrder> order;
    for (const OrderPart& item : order_) {
      const auto at = std::find(outputs_.begin(), outputs_.end(), item.part);
      if (at == outputs_.end()) return nullptr;
      const auto column = static_cast<std::uint32_t>(at - outputs_.begin());
      order.push_back({bound_column(bound_[item.part]->type, column), item.descending, item.nulls_first});
    }
    return order.empty() ? result : sql_sorted(std::move(result), std::move(order));
  }
  std::vector<expr::BoundOrder> order;
  for (const OrderPart& item : order_) order.push_back({bound_[item.part], item.descending, item.nulls_first});
  return sql_project(sql_sorted(std::move(relation), std::move(order)), expressions, names_);
}

SqlRelationRef SelectBinder::bind(const SqlSelect& select, const SqlText& order_by) {
  if (!gather_items(select) || !gather_keys(select)) return nullptr;
  if (select.having.present() && !add_text(select.having, &having_)) return nullptr;
  if (!gather_ranks(select) || !gather_order(order_by)) return nullptr;
  const bool aggregated =
      !keys_.empty() || std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return has_aggregate(*p.expr); });
  if (having_ != kNone && !aggregated) {
    fail(select.having, nullptr, "SR4606", "HAVING needs GROUP BY or an aggregate", "filter rows with WHERE");
    return nullptr;
  }
  if (!(aggregated ? bind_aggregated() : bind_plain())) return nullptr;
  const auto gap = static_cast<std::uint32_t>(ranks_.size());
  SqlRelationRef relation = aggregated ? sql_aggregate(from_, keys_, calls_, gap)
                            : gap > 0  ? sql_padded(from_, gap)
                                       : from_;
  if (having_ != kNone) {
    if (bound_[having_]->type->id != TypeId::boolean) {
      fail(select.having, nullptr, "SR3017", "HAVING must be boolean, and this is " + bound_[having_]->type->name());
      return nullptr;
    }
    relation = sql_filter(std::move(relation), bound_[having_]);
  }
  SqlRelationRef result = projected(ranked(std::move(relation), select), select);
  if (!result) fail(order_by, nullptr, "SR4607", "with DISTINCT, ORDER BY takes columns of the list only");
  return result;
}

}  // namespace sr::operators
