// `functions: {name: {params: {a: bigint}, expr: a + 1}}`: the macros of a job. Entry point: parse_functions. Bodies
// are checked by specs/bind_macros.
#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "specs/given_names.h"
#include "specs/option_report.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

struct FunctionConfig {
  SchemaOption params;
  ExprOption expr;
};

const OptionTable<FunctionConfig>& function_options() {
  static const OptionTable<FunctionConfig> table = [] {
    OptionTable<FunctionConfig> rows;
    rows.option("params", &FunctionConfig::params).doc("the parameters and their types").example("{a: bigint}");
    rows.option("expr", &FunctionConfig::expr).required().doc("what the call stands for").example("a + 1");
    return rows;
  }();
  return table;
}

void check_name(const FunctionSpec& function, GivenNames& given, ParseContext& context) {
  const std::string name = ascii_lower(function.name);
  if (!is_id(name) || name.find('-') != std::string::npos) {
    context.report({.code = "SR2008",
                    .message = fmt::format("`{}` is no name of a function", function.name),
                    .span = function.name_span,
                    .help = "a name is made of letters, digits and `_`, and does not begin with a digit"});
  } else if (expr::functions().find(name) || expr::aggregates().find(name)) {
    context.report({.code = "SR2117",
                    .message = fmt::format("`{}` is a function of the language already", function.name),
                    .span = function.name_span,
                    .help = "choose another name: a function of the job cannot take the place of a built-in one"});
  }
  const std::string* other = given.add(function.name);
  if (!other) return;
  context.report({.code = "SR2111",
                  .message = fmt::format("functions `{}` and `{}` differ only in case", *other, function.name),
                  .span = function.name_span,
                  .help = "names of functions are compared without regard to case"});
}

}  // namespace

void parse_functions(const SpecEntry& section, ParseContext& context) {
  DecodeContext decode;
  decode.diagnostics = &context.diagnostics;
  decode.at = section.key_span;
  if (!section.value.is_map()) {
    report_value({.code = "SR2004",
                  .message = "`functions` is a map of names",
                  .help = "`functions: {name: {params: {a: bigint}, expr: a + 1}}`"},
                 section.value, decode);
    return;
  }
  GivenNames given;
  for (const FunctionSpec& function : context.job.functions) given.add(function.name);
  for (const SpecEntry& entry : section.value.entries) {
    FunctionSpec function;
    function.name = entry.key;
    function.name_span = entry.key_span;
    decode.at = entry.key_span;
    decode.owner = "function";
    FunctionConfig config;
    if (!entry.value.is_map()) {
      report_value({.code = "SR2004",
                    .message = fmt::format("function `{}` is a map with `expr`", entry.key),
                    .help = "`{params: {a: bigint}, expr: a + 1}`"},
                   entry.value, decode);
      function.sound = false;
    } else {
      // `params: {}` is a function of nothing.
      SpecValue value = entry.value;
      std::erase_if(value.entries, [](const SpecEntry& e) {
        return e.key == "params" && e.value.is_map() && e.value.entries.empty();
      });
      function.sound = function_options().decode(value, &config, decode);
    }
    function.params = std::move(config.params);
    function.expr = std::move(config.expr);
    check_name(function, given, context);
    context.job.functions.push_back(std::move(function));
  }
}

}  // namespace sr::specs
