// The bodies of `functions:`: parsed, bound once over their parameters so that a mistake is found where it stands, and
// kept for the calls. Entry point: bind_macros.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "engine/expr/ast.h"
#include "specs/bind_pass.h"

namespace sr::specs {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

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

// Says whether a macro calls itself, directly or through others.
bool is_recursive(const std::string& name, const expr::Macros& macros) {
  std::set<std::string> seen;
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const auto at = macros.find(open.back());
    open.pop_back();
    if (at == macros.end() || !at->second.body) continue;
    std::set<std::string> calls;
    collect_calls(*at->second.body, calls);
    for (const std::string& call : calls) {
      if (call == name) return true;
      if (seen.insert(call).second) open.push_back(call);
    }
  }
  return false;
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
    macros.emplace(lower(function.name), std::move(macro));
  }
  std::vector<std::string> broken;
  for (const FunctionSpec& function : job.functions) {
    if (!is_recursive(lower(function.name), macros)) continue;
    broken.push_back(lower(function.name));
    diagnostics.add({.code = "SR3025",
                     .message = fmt::format("the function `{}` calls itself", function.name),
                     .span = function.expr.value.span,
                     .help = "a function stands for its expression: it cannot be recursive"});
  }
  for (const std::string& name : broken) macros[name].body = nullptr;
  broken.clear();
  for (const FunctionSpec& function : job.functions) {
    const expr::Macro& macro = macros[lower(function.name)];
    if (!macro.body) continue;
    expr::Scope scope;
    scope.macros = &macros;
    scope.what = "`" + function.name + "`";
    scope.add(Schema(function.params.fields));
    std::vector<expr::ExprError> errors;
    if (expr::bind(*macro.body, scope, nullptr, errors) || errors.empty()) continue;
    // Aggregates may stand in a function that only aggregating nodes call.
    const auto in_aggregate = [](const expr::ExprError& error) { return error.code == "SR3020"; };
    if (std::all_of(errors.begin(), errors.end(), in_aggregate)) continue;
    for (const expr::ExprError& error : errors) {
      if (!in_aggregate(error)) diagnostics.add(at_token(error, function.expr.value));
    }
    broken.push_back(lower(function.name));
  }
  for (const std::string& name : broken) macros[name].body = nullptr;
}

}  // namespace sr::specs
