// Common subexpressions and constant folding. Entry points: NodePool::intern, fold, share_common. Tested in
// tests/unit/expr.
#include "engine/data/codec.h"
#include "engine/expr/binder.h"
#include "engine/expr/eval.h"
#include "engine/expr/literal.h"

namespace sr::expr {

namespace {

void append_address(std::string& key, const void* pointer) {
  key.append(reinterpret_cast<const char*>(&pointer), sizeof pointer);
}

// What makes two nodes equal, given that their children are interned.
std::string key_of(const BoundExpr& node) {
  std::string key = std::to_string(static_cast<int>(node.kind)) + '|' + node.name + '|' + node.type->name() + '|' +
                    node.detail + '|' + std::to_string(node.index) + (node.has_else ? "e" : "") +
                    (node.try_cast ? "t" : "") + (node.written ? "w" : "") + '|';
  if (node.value) encode_column(key, *node.value, {nullptr, 1});
  for (const BoundRef& arg : node.args) append_address(key, arg.get());
  return key;
}

bool worth_sharing(const BoundExpr& node) {
  return node.kind != BoundExpr::Kind::column && node.kind != BoundExpr::Kind::literal &&
         node.kind != BoundExpr::Kind::batch_time;
}

BoundRef rebuild(const BoundRef& node, NodePool& pool, std::unordered_map<const BoundExpr*, BoundRef>& done) {
  const auto found = done.find(node.get());
  if (found != done.end()) return found->second;
  auto copy = std::make_shared<BoundExpr>(*node);
  for (BoundRef& arg : copy->args) arg = rebuild(arg, pool, done);
  BoundRef result = pool.intern(std::move(copy));
  done.emplace(node.get(), result);
  return result;
}

}  // namespace

BoundRef NodePool::intern(std::shared_ptr<BoundExpr> node) {
  if (!node->deterministic) return node;
  // Prepared values have no text of their own unless `detail` holds it: then they are equal only if they are the same
  // object.
  std::string key = key_of(*node);
  const bool opaque = node->call.prepared && node->detail.empty() && node->args.empty();
  if (opaque) append_address(key, node->call.prepared.get());
  const auto [place, fresh] = nodes_.emplace(std::move(key), node);
  if (!fresh && worth_sharing(*node)) place->second->shared = true;
  return place->second;
}

BoundRef fold(std::shared_ptr<BoundExpr> node) {
  const bool foldable = node->kind == BoundExpr::Kind::call || node->kind == BoundExpr::Kind::case_of ||
                        node->kind == BoundExpr::Kind::logic || node->kind == BoundExpr::Kind::coalesce;
  if (!foldable || !node->deterministic) return node;
  for (const BoundRef& arg : node->args) {
    if (!arg->is_constant()) return node;
  }
  RowErrors errors;
  const ColumnRef result = evaluate(*node, EvalInput{.columns = {}, .rows = 1, .selection = {nullptr, 1}}, errors);
  if (!errors.empty()) return node;
  auto literal = std::make_shared<BoundExpr>();
  literal->kind = BoundExpr::Kind::literal;
  literal->type = node->type;
  literal->begin = node->begin;
  literal->end = node->end;
  literal->value = result->valid(0) ? repeat_value(copy_rows(*result, {nullptr, 1}), 0, 1) : null_column(node->type, 1);
  return literal;
}

void share_common(std::vector<BoundRef>& expressions) {
  NodePool pool;
  std::unordered_map<const BoundExpr*, BoundRef> done;
  for (BoundRef& expression : expressions) {
    if (expression) expression = rebuild(expression, pool, done);
  }
}

}  // namespace sr::expr
