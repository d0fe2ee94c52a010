// The bodies of `functions:`: parsed, bound once over their parameters so that a mistake is found where it stands, and
// kept for the calls. Entry point: bind_macros.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <unordered_map>

#include "engine/base/text.h"
#include "engine/expr/ast.h"
#include "specs/bind_pass.h"

namespace sr::specs {

namespace {

Diagnostic at_token(const expr::ExprError& error, const SpecValue& value) {
  return {.code = error.code,
          .message = error.message,
          .span = value.locate(error.begin, std::max(error.end, error.begin + 1)),
          .label = error.label,
          .help = error.help,
          .suggestion = error.suggestion};
}

void collect_calls(const expr::Expr& tree, std::set<std::string>& calls) {
  if (tree.kind == expr::ExprKind::call) calls.insert(tree.name);
  for (const expr::ExprPtr& arg : tree.args) {
    if (arg) collect_calls(*arg, calls);
  }
}

// Puts macros in an order in which each stands behind those that it calls, in time linear in their bodies (Tarjan's
// strongly connected components), and finds those that call themselves, directly or through others.
class MacroOrder {
 public:
  explicit MacroOrder(const expr::Macros& macros) : macros_(macros) {
    for (const auto& [name, macro] : macros_) {
      if (!marks_.contains(name)) search(name);
    }
  }

  const std::vector<std::string>& names() const { return order_; }
  // The functions that call each other, of which `name` is one; empty where it does not come back to itself.
  const std::vector<std::string>& cycle(const std::string& name) const {
    static const std::vector<std::string> none;
    const auto at = cycles_.find(name);
    return at == cycles_.end() ? none : *at->second;
  }
  const std::vector<std::string>& calls(const std::string& name) const { return marks_.at(name).calls; }

 private:
  struct Mark {
    std::size_t index = 0, low = 0;
    bool on_stack = true;
    std::vector<std::string> calls;
    std::size_t next = 0;  // of calls
  };

  Mark& enter(const std::string& name) {
    Mark mark;
    mark.index = mark.low = marks_.size();
    std::set<std::string> calls;
    const auto at = macros_.find(name);
    if (at->second.body) collect_calls(*at->second.body, calls);
    for (const std::string& call : calls) {
      if (macros_.contains(call)) mark.calls.push_back(call);
    }
    stack_.push_back(name);
    return marks_[name] = std::move(mark);
  }

  void search(const std::string& start) {
    enter(start);
    std::vector<std::string> path{start};
    while (!path.empty()) {
      Mark& mark = marks_[path.back()];
      if (mark.next < mark.calls.size()) {
        const std::string call = mark.calls[mark.next++];
        const auto seen = marks_.find(call);
        if (call == path.back()) cycles_[call] = std::make_shared<const std::vector<std::string>>(1, call);
        if (seen == marks_.end()) {
          enter(call);
          path.push_back(call);
        } else if (seen->second.on_stack) {
          mark.low = std::min(mark.low, seen->second.index);
        }
        continue;
      }
      const std::string name = std::move(path.back());
      path.pop_back();
      if (!path.empty()) marks_[path.back()].low = std::min(marks_[path.back()].low, mark.low);
      if (mark.low == mark.index) leave(name);
    }
  }

  // Takes a finished component off the stack.
  void leave(const std::string& root) {
    const bool several = stack_.back() != root;
    const auto cycle = std::make_shared<std::vector<std::string>>();
    std::string name;
    do {
      name = std::move(stack_.back());
      stack_.pop_back();
      marks_[name].on_stack = false;
      if (several) {
        cycle->push_back(name);
        cycles_[name] = cycle;
      }
      order_.push_back(name);
    } while (name != root);
  }

  const expr::Macros& macros_;
  std::unordered_map<std::string, Mark> marks_;
  std::vector<std::string> stack_;
  std::vector<std::string> order_;
  std::unordered_map<std::string, std::shared_ptr<const std::vector<std::string>>> cycles_;
};

// Says which functions make `function` come back to itself; of a long cycle the first few.
std::string cycle_text(const std::string& function, const std::vector<std::string>& cycle) {
  std::string others;
  std::size_t named = 0;
  for (auto at = cycle.rbegin(); at != cycle.rend(); ++at) {
    const std::string& name = *at;
    if (name == ascii_lower(function)) continue;
    others += (others.empty() ? "`" : ", `") + name + "`";
    if (++named == 5) break;
  }
  if (named + 1 < cycle.size()) others += ", …";
  return fmt::format("the function `{}` calls itself{}", function, others.empty() ? "" : " through " + others);
}

// Binds a macro's body over its parameters; gives the mistakes in it.
std::vector<expr::ExprError> body_errors(const FunctionSpec& function, const expr::Macros& macros) {
  expr::Scope scope;
  scope.macros = &macros;
  scope.what = "`" + function.name + "`";
  scope.add(Schema(function.params.fields));
  std::vector<expr::ExprError> errors;
  if (expr::bind(*macros.find(ascii_lower(function.name))->second.body, scope, nullptr, errors)) return {};
  // Aggregates may stand in a function that only aggregating nodes call.
  std::erase_if(errors, [](const expr::ExprError& error) { return error.code == "SR3020"; });
  return errors;
}

}  // namespace

void bind_macros(const JobSpec& job, expr::Macros& macros, Diagnostics& diagnostics) {
  for (const FunctionSpec& function : job.functions) {
    expr::Macro macro;
    macro.params = function.params.fields;
    macro.text = function.expr.text;
    if (function.sound && !function.expr.value.opaque) {
      expr::ExprError syntax;
      macro.body = expr::parse_expression(function.expr.text, &syntax);
      if (!macro.body) diagnostics.add(at_token(syntax, function.expr.value));
    }
    macros.emplace(ascii_lower(function.name), std::move(macro));
  }
  const MacroOrder order(macros);
  std::unordered_map<std::string, const FunctionSpec*> functions;
  std::set<std::string> reported;
  for (const FunctionSpec& function : job.functions) {
    const std::string name = ascii_lower(function.name);
    functions.emplace(name, &function);
    const std::vector<std::string>& cycle = order.cycle(name);
    if (cycle.empty()) continue;
    macros[name].body = nullptr;
    if (reported.contains(name)) continue;
    reported.insert(cycle.begin(), cycle.end());
    diagnostics.add({.code = "SR3025",
                     .message = cycle_text(function.name, cycle),
                     .span = function.expr.value.span,
                     .help = "a function stands for its expression: it cannot be recursive"});
  }
  for (const std::string& name : order.names()) {
    const auto is_broken = [&](const std::string& call) { return !macros[call].body; };
    if (std::any_of(order.calls(name).begin(), order.calls(name).end(), is_broken)) macros[name].body = nullptr;
    if (!macros[name].body) continue;
    const FunctionSpec& function = *functions[name];
    const std::vector<expr::ExprError> errors = body_errors(function, macros);
    for (const expr::ExprError& error : errors) diagnostics.add(at_token(error, function.expr.value));
    if (!errors.empty()) macros[name].body = nullptr;  // its callers are not to blame
  }
}

}  // namespace sr::specs
