// How calls over arrays are typed. Entry points: see array_kernels.h. Tested in tests/unit/expr/arrays_test.cc.
#include "engine/expr/bind.h"
#include "engine/expr/functions/array_kernels.h"

namespace sr::expr {

namespace {

TypeRef result_type(ArrayResult result, const TypeRef& element) {
  switch (result) {
    case ArrayResult::array:
      return types::array(element);
    case ArrayResult::element:
      return element;
    case ArrayResult::number:
      return types::bigint();
    case ArrayResult::boolean:
      return types::boolean();
    case ArrayResult::text:
      break;
  }
  return types::string();
}

}  // namespace

bool check_array(const ResolveInput& input, std::size_t index, ResolveError* error) {
  const TypeId id = input.types[index]->id;
  if (id == TypeId::array || id == TypeId::null) return true;
  return refuse(error, index, "expected an array, got " + input.types[index]->name());
}

TypeRef element_type(const ResolveInput& input, std::size_t index) {
  const TypeRef& type = input.types[index];
  return type->id == TypeId::array ? type->element() : types::null();
}

TypeRef common_of(std::span<const TypeRef> types, ResolveError* error) {
  TypeRef common = types::null();
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeRef both = common_type(common, types[i]);
    if (!both) {
      refuse(error, i, "there is no common type of " + common->name() + " and " + types[i]->name());
      return nullptr;
    }
    common = both;
  }
  return common;
}

bool resolve_same_arrays(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    if (!check_array(input, i, error)) return false;
  }
  TypeRef common = common_of(input.types, error);
  if (!common) return false;
  if (common->id == TypeId::null) common = types::array(types::null());
  call->params.assign(input.types.size(), common);
  call->result = common;
  return true;
}

Resolver over_array(ArrayResult result, std::vector<std::optional<TypeRef>> others, Kernel kernel, CallTraits traits) {
  return [=](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    if (!check_array(input, 0, error)) return false;
    TypeRef element = element_type(input, 0);
    call->params.push_back(nullptr);
    for (std::size_t i = 1; i < input.types.size(); ++i) {
      const std::optional<TypeRef>& wanted = others[i - 1];
      if (wanted) {
        if (!check_argument(input, i, *wanted, error)) return false;
        call->params.push_back(*wanted);
        continue;
      }
      const TypeRef both = common_type(element, input.types[i]);
      if (!both) {
        return refuse(error, i, "expected " + element->name() + " as the elements, got " + input.types[i]->name());
      }
      element = both;
      call->params.push_back(both);
    }
    call->params[0] = types::array(element);
    set_call(call, result_type(result, element), kernel, traits);
    return true;
  };
}

}  // namespace sr::expr
