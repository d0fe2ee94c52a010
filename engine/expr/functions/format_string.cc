// format_string: values in a text. Entry point: register_format_string. Formats are format_text.h's business. Tested in
// tests/unit/expr/format_string_test.cc.
#include <string>

#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/format_text.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

// The format of a row that is not constant, checked against the values.
std::shared_ptr<const TextFormat> compile_checked(std::string_view text, const std::vector<TypeRef>& types,
                                                  std::string* error) {
  std::shared_ptr<const TextFormat> format = TextFormat::compile(text, error);
  if (format) *error = format->check(types);
  return error->empty() ? format : nullptr;
}

std::shared_ptr<Column> format_string(const CallContext& context, Args args) {
  StringOutput out(context);
  const auto* prepared = static_cast<const TextFormat*>(context.prepared);
  const Args values = args.subspan(1);
  std::vector<TypeRef> types;
  for (const ColumnRef& value : values) types.push_back(value->type);
  context.selection.for_each([&](std::uint32_t row) {
    if (!args[0]->valid(row)) return out.set_null(row);
    std::string& text = out.scratch();
    std::string error;
    std::shared_ptr<const TextFormat> format;
    if (!prepared) format = compile_checked(args[0]->get<Str>(row).view(), types, &error);
    if (prepared || format) (prepared ? prepared : format.get())->write(text, values, row);
    if (!error.empty()) context.errors->add(row, error);
    out.set(row, text);
  });
  return out.take();
}

bool resolve_format_string(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!check_argument(input, 0, types::string(), error)) return false;
  call->params.assign(input.types.size(), nullptr);
  call->params[0] = types::string();
  for (std::size_t i = 1; i < input.types.size(); ++i) {
    if (input.types[i]->id == TypeId::binary) return refuse(error, i, "binary has no text: cast it to string");
  }
  const std::optional<std::string_view> format = constant_text(input, 0);
  const CallTraits traits{.nulls = Nulls::handled, .can_fail = !format, .turns_null = true};
  set_call(call, types::string(), format_string, traits);
  if (!format) return true;
  std::string problem;
  const std::vector<TypeRef> types(input.types.begin() + 1, input.types.end());
  call->prepared = compile_checked(*format, types, &problem);
  return call->prepared ? true : refuse(error, 0, std::move(problem));
}

}  // namespace

void register_format_string(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  strings.add({{1, kAnyNumber},
               "format_string(format, v, …)",
               "Writes values by a format such as `%s=%05d %.2f`; a NULL value is written as null.",
               "format_string('%s=%03d', 'a', 7) = 'a=007'",
               resolve_format_string});
  strings.alias("printf", "format_string");
}

}  // namespace sr::expr
