// named_struct: a structure of its fields. Entry point: register_structs. `struct(v as n)` arrives in this form. Tested
// in tests/unit/expr/maps_test.cc.
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

// A structure of NULLs is not NULL. Its fields are the arguments themselves.
std::shared_ptr<Column> named_struct(const CallContext& context, Args args) {
  auto result = std::make_shared<Column>(context.result, context.rows);
  for (std::size_t i = 1; i < args.size(); i += 2) result->children.push_back(flatten(args[i]));
  return result;
}

bool resolve_named_struct(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types.size() % 2 != 0) {
    return refuse(error, static_cast<std::size_t>(-1), "named_struct needs names and values in pairs");
  }
  std::vector<Field> fields;
  for (std::size_t i = 0; i < input.types.size(); i += 2) {
    const std::optional<std::string_view> name = constant_text(input, i);
    if (!name) return refuse(error, i, "a field's name must be a text that is written out");
    for (const Field& field : fields) {
      if (same_name(field.name, *name)) return refuse(error, i, "the field " + field.name + " is there already");
    }
    fields.push_back({std::string(*name), input.types[i + 1]});
  }
  set_call(call, types::structure(std::move(fields)), named_struct, kHandlesNulls);
  return true;
}

}  // namespace

void register_structs(FunctionRegistry& registry) {
  Family structs(registry, "structs");
  structs.add({{2, kAnyNumber},
               "named_struct(name, v, …)",
               "Makes a structure of fields with the given names.",
               "named_struct('a', 1, 'b', 'x').b = 'x'",
               resolve_named_struct});
}

}  // namespace sr::expr
