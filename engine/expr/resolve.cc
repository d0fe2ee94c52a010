// Conversions that need no cast, and resolvers for fixed signatures. Entry points: converts, fixed, overloaded. Knows
// nothing of the tree. Tested in tests/unit/expr.
#include "engine/expr/resolve.h"

#include <utility>

namespace sr::expr {

namespace {

bool converts_number(const Type& from, const Type& param) {
  switch (param.id) {
    case TypeId::float64:
      return true;
    case TypeId::decimal:
      return from.id == TypeId::bigint || (from.id == TypeId::decimal && from.scale <= param.scale &&
                                           from.precision - from.scale <= param.precision - param.scale);
    case TypeId::bigint:
      return from.id == TypeId::bigint;
    default:
      return false;
  }
}

bool converts_nested(const Type& from, const Type& param) {
  if (from.id != param.id || from.fields.size() != param.fields.size()) return false;
  for (std::size_t i = 0; i < from.fields.size(); ++i) {
    if (from.id == TypeId::structure && !same_name(from.fields[i].name, param.fields[i].name)) return false;
    if (!converts(from.fields[i].type, param.fields[i].type)) return false;
  }
  return true;
}

bool exact(const ResolveInput& input, const std::vector<TypeRef>& params) {
  if (input.types.size() > params.size()) return false;
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    if (params[i] && !same_type(input.types[i], params[i])) return false;
  }
  return true;
}

void choose(const ResolveInput& input, const Overload& overload, ResolvedCall* call) {
  call->params.assign(overload.params.begin(),
                      overload.params.begin() + static_cast<std::ptrdiff_t>(input.types.size()));
  set_call(call, overload.result, overload.kernel, overload.traits);
}

const Column* constant(const ResolveInput& input, std::size_t index, TypeId id) {
  if (index >= input.constants.size() || !input.constants[index]) return nullptr;
  const Column& column = *input.constants[index];
  return column.type->id == id && column.size > 0 && column.valid(0) ? &column : nullptr;
}

}  // namespace

bool converts(const TypeRef& from, const TypeRef& param) {
  if (!param || same_type(from, param)) return true;
  if (from->id == TypeId::null || from->id == TypeId::variant) return true;
  if (param->id == TypeId::string) return !from->is_nested() && from->id != TypeId::binary;
  if (param->id == TypeId::timestamp) return from->id == TypeId::date;
  if (param->id == TypeId::date) return from->id == TypeId::timestamp;
  if (from->is_number()) return converts_number(*from, *param);
  if (from->is_nested()) return converts_nested(*from, *param);
  return false;
}

bool refuse(ResolveError* error, std::size_t argument, std::string message) {
  error->argument = argument;
  error->message = std::move(message);
  return false;
}

bool check_argument(const ResolveInput& input, std::size_t index, const TypeRef& param, ResolveError* error) {
  if (converts(input.types[index], param)) return true;
  return refuse(error, index, "expected " + param->name() + ", got " + input.types[index]->name());
}

void set_call(ResolvedCall* call, TypeRef result, Kernel kernel, CallTraits traits) {
  call->result = std::move(result);
  call->kernel = kernel;
  call->nulls = traits.nulls;
  call->can_fail = traits.can_fail;
  call->turns_null = traits.turns_null;
  call->deterministic = traits.deterministic;
  call->any_bits = traits.any_bits;
}

Resolver fixed(std::vector<TypeRef> params, TypeRef result, Kernel kernel, CallTraits traits) {
  return [overload = Overload{std::move(params), std::move(result), kernel, traits}](
             const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    for (std::size_t i = 0; i < input.types.size(); ++i) {
      if (!check_argument(input, i, overload.params[i], error)) return false;
    }
    choose(input, overload, call);
    return true;
  };
}

Resolver overloaded(std::vector<Overload> overloads) {
  return [overloads = std::move(overloads)](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    for (const Overload& overload : overloads) {
      if (!exact(input, overload.params)) continue;
      choose(input, overload, call);
      return true;
    }
    ResolveError furthest;
    for (const Overload& overload : overloads) {
      if (input.types.size() > overload.params.size()) continue;
      std::size_t i = 0;
      ResolveError here;
      while (i < input.types.size() && check_argument(input, i, overload.params[i], &here)) ++i;
      if (i == input.types.size()) {
        choose(input, overload, call);
        return true;
      }
      if (furthest.message.empty() || i > furthest.argument) furthest = std::move(here);
    }
    *error = std::move(furthest);
    return false;
  };
}

std::optional<std::string_view> constant_text(const ResolveInput& input, std::size_t index) {
  const Column* column = constant(input, index, TypeId::string);
  if (!column) return std::nullopt;
  return column->data<Str>()[0].view();
}

std::optional<std::int64_t> constant_int(const ResolveInput& input, std::size_t index) {
  const Column* column = constant(input, index, TypeId::bigint);
  if (!column) return std::nullopt;
  return column->data<std::int64_t>()[0];
}

std::optional<bool> constant_bool(const ResolveInput& input, std::size_t index) {
  const Column* column = constant(input, index, TypeId::boolean);
  if (!column) return std::nullopt;
  return column->data<std::uint8_t>()[0] != 0;
}

}  // namespace sr::expr
