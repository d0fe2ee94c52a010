#include "operators/support/sql_bind.h"

#include <algorithm>
#include <map>

#include "engine/base/text.h"
#include "engine/data/codec.h"
#include "operators/support/sql_groups.h"

namespace sr::operators {

namespace {

// Names of relations that FROM may use: WITH names over the node's inputs.
using Names = std::map<std::string, SqlRelationRef>;

class Binder {
 public:
  Binder(const std::vector<SqlInput>& inputs, const SqlPlace& place) : inputs_(inputs), place_(place) {}

  SqlRelationRef query(const SqlQuery& query, Names names) {
    for (const SqlWith& with : query.with) {
      SqlRelationRef relation = this->query(*with.query, names);
      if (!relation) return nullptr;
      names[ascii_lower(with.name)] = std::move(relation);
    }
    std::vector<SqlRelationRef> parts;
    bool sound = true;
    for (const SqlSelect& select : query.selects) {
      const bool only = query.selects.size() == 1;
      parts.push_back(this->select(select, names, only ? query.order_by : SqlText{}));
      sound = sound && parts.back();
    }
    if (!sound) return nullptr;
    SqlRelationRef result = parts[0];
    if (parts.size() > 1) {
      result = union_of(std::move(parts), query.distinct_parts);
      if (result && query.order_by.present()) result = sorted(result, query.order_by);
    }
    if (result && query.limit) result = sql_limited(std::move(result), *query.limit);
    return result;
  }

 private:
  // ---- reports
  void report(std::size_t begin, std::size_t end, std::string code, std::string message, std::string label = {},
              std::string help = {}) {
    place_.context->error(std::move(code), place_.value->locate(begin, end), std::move(message), std::move(label),
                          std::move(help));
  }
  void report(const SqlText& text, const expr::ExprError& error) {
    place_.context->report({.code = error.code,
                            .message = error.message,
                            .span = place_.value->locate(text.begin + error.begin, text.begin + error.end),
                            .label = error.label,
                            .help = error.help,
                            .suggestion = error.suggestion});
  }

  expr::ExprPtr parse(const SqlText& text) {
    expr::ExprError error;
    expr::ExprPtr parsed = expr::parse_expression(text.text, &error);
    if (!parsed) report(text, error);
    return parsed;
  }

  // ---- tables
  SqlRelationRef table(const SqlTable& table, const Names& names) {
    if (table.query) {
      const SqlRelationRef relation = query(*table.query, names);
      return relation ? sql_renamed(relation, table.alias) : nullptr;
    }
    if (const auto with = names.find(ascii_lower(table.name)); with != names.end())
      return sql_renamed(with->second, table.alias);
    for (std::uint32_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].name != table.name) continue;
      return inputs_[i].schema ? sql_table(i, *inputs_[i].schema, table.alias) : nullptr;
    }
    std::vector<std::string> known;
    for (const SqlInput& input : inputs_) known.push_back(input.name);
    for (const auto& [name, relation] : names) known.push_back(name);
    const std::string near = nearest(table.name, known);
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "`" : ", `") + name + "`";
    place_.context->report({.code = "SR4601",
                            .message = "unknown table `" + table.name + "`",
                            .span = place_.value->locate(table.begin, table.end),
                            .label = near.empty() ? "not an input of this node" : "did you mean `" + near + "`?",
                            .help = "tables are the ids under `input`: " + list,
                            .suggestion = near});
    return nullptr;
  }

  static expr::Scope scope_of(const SqlRelationRef& relation) {
    expr::Scope scope;
    scope.what = "the tables of the query";
    for (const SqlColumn& column : relation->columns) {
      const auto same = std::count_if(relation->columns.begin(), relation->columns.end(),
                                      [&](const SqlColumn& other) { return same_name(other.name, column.name); });
      scope.columns.push_back({column.table, column.name, column.type, same > 1});
    }
    return scope;
  }

  expr::Scope scope(const SqlRelationRef& relation) const {
    expr::Scope scope = scope_of(relation);
    scope.macros = place_.context->job().macros;
    return scope;
  }

  expr::BoundRef bind(const SqlText& text, const SqlRelationRef& relation, bool condition) {
    const expr::ExprPtr parsed = parse(text);
    if (!parsed) return nullptr;
    std::vector<expr::ExprError> errors;
    expr::BoundRef bound = expr::bind(*parsed, scope(relation), nullptr, errors);
    for (const expr::ExprError& error : errors) report(text, error);
    if (bound && condition && bound->type->id != TypeId::boolean && bound->type->id != TypeId::null) {
      report(text.begin, text.begin + text.text.size(), "SR3017",
             "a condition must be boolean, and this is " + bound->type->name(), bound->type->name());
      return nullptr;
    }
    return bound;
  }

  // ---- joins
  SqlRelationRef joined(const SqlSelect& select, const Names& names) {
    SqlRelationRef left = table(*select.from, names);
    for (const SqlJoin& join : select.joins) {
      const SqlRelationRef right = table(join.table, names);
      if (!left || !right) return nullptr;
      JoinKeys keys;
      std::vector<SqlText> others;
      if (!join.columns.empty()) {
        if (!using_keys(join, left, right, keys)) return nullptr;
      } else if (join.on.present() && !on_keys(join, left, right, {keys, others})) {
        return nullptr;
      }
      left = sql_join(static_cast<JoinHow>(join.how), left, right, std::move(keys));
      for (const SqlText& other : others) {
        const expr::BoundRef condition = bind(other, left, true);
        if (!condition) return nullptr;
        left = sql_filter(left, condition);
      }
    }
    return left;
  }

  bool add_pair(expr::BoundRef left, expr::BoundRef right, std::size_t begin, std::size_t end, JoinKeys& keys) {
    const TypeRef common = expr::common_type(left->type, right->type);
    if (!common || common->id == TypeId::variant || common->id == TypeId::map) {
      report(begin, end, "SR4401",
             "the sides cannot be compared: " + left->type->name() + " and " + right->type->name());
      return false;
    }
    keys.left.push_back(expr::cast_to(std::move(left), common));
    keys.right.push_back(expr::cast_to(std::move(right), common));
    keys.types.push_back(common);
    return true;
  }

  bool using_keys(const SqlJoin& join, const SqlRelationRef& left, const SqlRelationRef& right, JoinKeys& keys) {
    for (const SqlText& column : join.columns) {
      expr::BoundRef l = bind(column, left, false), r = bind(column, right, false);
      if (!l || !r || !add_pair(l, r, column.begin, column.begin + column.text.size(), keys)) return false;
    }
    return true;
  }

  // What ON says: equalities of both sides, and of an inner join other conditions, which hold for its rows.
  struct OnParts {
    JoinKeys& keys;
    std::vector<SqlText>& others;
  };

  bool on_keys(const SqlJoin& join, const SqlRelationRef& left, const SqlRelationRef& right, OnParts parts) {
    const expr::ExprPtr parsed = parse(join.on);
    return parsed && on_part(*parsed, join, {left, right}, parts);
  }

  struct OnSides {
    const SqlRelationRef& left;
    const SqlRelationRef& right;
  };

  // One condition, or several joined by AND.
  bool on_part(const expr::Expr& part, const SqlJoin& join, OnSides sides, OnParts parts) {
    if (part.kind == expr::ExprKind::call && part.name == "and") {
      return on_part(*part.args[0], join, sides, parts) && on_part(*part.args[1], join, sides, parts);
    }
    const SqlText& text = join.on;
    const auto& [left, right] = sides;
    const bool inner = join.how == SqlJoinHow::inner;
    const std::size_t begin = text.begin + part.begin, end = text.begin + part.end;
    if (part.kind == expr::ExprKind::call && (part.name == "=" || part.name == "==") && part.args.size() == 2) {
      for (const bool swapped : {false, true}) {
        std::vector<expr::ExprError> errors;
        const expr::BoundRef l = expr::bind(*part.args[swapped ? 1 : 0], scope(left), nullptr, errors);
        const expr::BoundRef r = expr::bind(*part.args[swapped ? 0 : 1], scope(right), nullptr, errors);
        if (l && r && errors.empty() && !l->is_constant() && !r->is_constant())
          return add_pair(l, r, begin, end, parts.keys);
        if (swapped && !inner) return unbound_on(part, text, left, right);
      }
    }
    if (inner) {
      parts.others.push_back({begin, text.text.substr(part.begin, part.end - part.begin)});
      return true;
    }
    report(begin, end, "SR4402",
           "a join that is not inner takes equalities of a left and a right expression, joined by AND",
           "not such an equality", "put any other condition into WHERE");
    return false;
  }

  // Says what is wrong with an equality: an unknown column, or not one of each side.
  bool unbound_on(const expr::Expr& part, const SqlText& text, const SqlRelationRef& left,
                  const SqlRelationRef& right) {
    expr::Scope both = scope(sql_join(JoinHow::inner, left, right, {}));
    std::vector<expr::ExprError> errors;
    const expr::BoundRef bound = expr::bind(part, both, nullptr, errors);
    for (const expr::ExprError& error : errors) report(text, error);
    if (bound && errors.empty()) {
      report(text.begin + part.begin, text.begin + part.end, "SR4402",
             "each side of the equality must come from one side of the join");
    }
    return false;
  }

  // ---- select
  SqlRelationRef select(const SqlSelect& select, const Names& names, const SqlText& order_by) {
    if (!select.from) {
      report(0, 6, "SR4602", "a query needs FROM", "", "name one of the tables under `input`");
      return nullptr;
    }
    SqlRelationRef from = joined(select, names);
    if (!from) return nullptr;
    bool sound = true;
    if (select.where.present()) {
      const expr::BoundRef where = bind(select.where, from, true);
      if (where) from = sql_filter(from, where);
      sound = where != nullptr;
    }
    SelectBinder binder(from, scope(from),
                        [this](const SqlText& text, const expr::ExprError& error) { report(text, error); });
    const SqlRelationRef result = binder.bind(select, order_by);
    return sound ? result : nullptr;
  }

  SqlRelationRef sorted(const SqlRelationRef& relation, const SqlText& order_by) {
    expr::ExprError error;
    const std::vector<expr::OrderItem> items = expr::parse_order(order_by.text, &error);
    if (items.empty()) {
      report(order_by, error);
      return nullptr;
    }
    std::vector<expr::ExprError> errors;
    std::vector<expr::BoundOrder> order = expr::bind_order(items, scope(relation), errors);
    for (const expr::ExprError& e : errors) report(order_by, e);
    return errors.empty() ? sql_sorted(relation, std::move(order)) : nullptr;
  }

  // Joins the parts; of the first `distinct` equal rows come once.
  SqlRelationRef union_of(std::vector<SqlRelationRef> parts, std::size_t distinct) {
    const std::size_t width = parts[0]->columns.size();
    std::vector<TypeRef> types;
    for (const SqlColumn& column : parts[0]->columns) types.push_back(column.type);
    for (const SqlRelationRef& part : parts) {
      bool fits = part->columns.size() == width;
      for (std::size_t i = 0; fits && i < width; ++i) {
        types[i] = expr::common_type(types[i], part->columns[i].type);
        fits = types[i] != nullptr;
      }
      if (fits) continue;
      report(0, 6, "SR4603",
             "the parts of UNION differ in their columns: " + parts[0]->schema()->to_text() + " and " +
                 part->schema()->to_text());
      return nullptr;
    }
    for (SqlRelationRef& part : parts) {
      std::vector<expr::BoundRef> cast;
      std::vector<std::string> names;
      for (std::size_t i = 0; i < width; ++i) {
        cast.push_back(expr::cast_to(bound_column(part->columns[i].type, static_cast<std::uint32_t>(i)), types[i]));
        names.push_back(parts[0]->columns[i].name);
      }
      part = sql_project(part, std::move(cast), std::move(names));
    }
    if (distinct > 0) {
      const auto end = parts.begin() + static_cast<std::ptrdiff_t>(distinct);
      SqlRelationRef first = sql_distinct(sql_union_all({parts.begin(), end}));
      parts.erase(parts.begin(), end);
      parts.insert(parts.begin(), std::move(first));
    }
    return parts.size() == 1 ? parts[0] : sql_union_all(std::move(parts));
  }

  const std::vector<SqlInput>& inputs_;
  SqlPlace place_;
};

}  // namespace

SqlRelationRef bind_query(const SqlQuery& query, const std::vector<SqlInput>& inputs, const SqlPlace& place) {
  return Binder(inputs, place).query(query, {});
}

}  // namespace sr::operators
