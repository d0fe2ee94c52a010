// The list of one SELECT over its FROM and WHERE: grouping, aggregates, ranks, HAVING, DISTINCT and ORDER BY, as
// relations behind one another. Tested in tests/jobs/sql.yaml.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operators/support/sql_plan.h"

namespace sr::operators {

class SelectBinder {
 public:
  using Report = std::function<void(const SqlText& text, const expr::ExprError& error)>;
  SelectBinder(SqlRelationRef from, expr::Scope row, Report report)
      : from_(std::move(from)), row_(std::move(row)), report_(std::move(report)) {}

  // Null after a report.
  SqlRelationRef bind(const SqlSelect& select, const SqlText& order_by);

 private:
  // An expression of the list, of HAVING, of a rank or of ORDER BY, parsed.
  struct Part {
    SqlText text;
    expr::ExprPtr expr;
  };
  struct OrderPart {
    std::size_t part = 0;
    bool descending = false;
    bool nulls_first = true;
  };
  struct RankParts {
    std::vector<std::size_t> partition_by;
    std::vector<OrderPart> order_by;
  };

  bool gather_items(const SqlSelect& select);
  bool gather_keys(const SqlSelect& select);
  bool gather_ranks(const SqlSelect& select);
  bool gather_order(const SqlText& order_by);
  std::size_t add_part(SqlText text, expr::ExprPtr parsed);
  bool add_text(const SqlText& text, std::size_t* part);
  bool add_order_list(const SqlText& text, std::vector<OrderPart>& order, bool output_names);
  expr::ExprPtr parse(const SqlText& text);
  void fail(const SqlText& text, const expr::Expr* at, std::string code, std::string message, std::string help = {});
  void name_keys(expr::Expr& e, const SqlText& text) const;
  bool bind_parts(bool aggregated);
  bool bind_plain();
  bool bind_aggregated();
  SqlRelationRef ranked(SqlRelationRef relation, const SqlSelect& select) const;
  SqlRelationRef projected(SqlRelationRef relation, const SqlSelect& select) const;

  SqlRelationRef from_;
  expr::Scope row_;
  Report report_;
  std::vector<std::string> names_;    // of the output columns
  std::vector<std::size_t> outputs_;  // parts that make them
  std::vector<Part> parts_;
  std::vector<Part> key_parts_;
  std::vector<expr::BoundRef> keys_;
  std::size_t having_ = kNone;
  std::vector<RankParts> ranks_;
  std::vector<OrderPart> order_;
  std::vector<expr::BoundRef> bound_;  // per part
  std::vector<expr::AggregateCall> calls_;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

}  // namespace sr::operators
