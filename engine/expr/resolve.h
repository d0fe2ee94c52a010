// What resolvers are made of: which types an argument converts to by itself, and ready-made resolvers for fixed
// signatures. Entry points: fixed, check_argument, constant_text. Tested in tests/unit/expr.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expr/function.h"

namespace sr::expr {

// Says whether an argument becomes a parameter's type without being asked: NULL and variants become any type, numbers
// widen, numbers, booleans and times become strings, dates timestamps and timestamps dates. A null `param` takes
// anything.
bool converts(const TypeRef& from, const TypeRef& param);

// Checks one argument against a parameter; on failure fills *error ("expected bigint, got string").
bool check_argument(const ResolveInput& input, std::size_t index, const TypeRef& param, ResolveError* error);

// Blames an argument (or the call, with npos) and gives false.
bool refuse(ResolveError* error, std::size_t argument, std::string message);

// How a kernel treats its rows: see ResolvedCall.
struct CallTraits {
  Nulls nulls = Nulls::propagate;
  bool can_fail = false;
  bool turns_null = false;
  bool deterministic = true;
  bool any_bits = false;
};
inline constexpr CallTraits kFails{.can_fail = true};
inline constexpr CallTraits kTurnsNull{.turns_null = true};
inline constexpr CallTraits kHandlesNulls{.nulls = Nulls::handled};
inline constexpr CallTraits kAnyBits{.any_bits = true};

// Fills a resolved call.
void set_call(ResolvedCall* call, TypeRef result, Kernel kernel, CallTraits traits = {});

// A resolver for one signature: argument i is cast to params[i] (null: any type as it is). A call with fewer arguments
// (min_args) uses the first params.
Resolver fixed(std::vector<TypeRef> params, TypeRef result, Kernel kernel, CallTraits traits = {});

// One of several signatures: the first whose parameters take the arguments, exact matches before conversions.
struct Overload {
  std::vector<TypeRef> params;
  TypeRef result;
  Kernel kernel = nullptr;
  CallTraits traits = {};
};
Resolver overloaded(std::vector<Overload> overloads);

// The value of a constant argument that is not NULL: of type string, or of type bigint.
std::optional<std::string_view> constant_text(const ResolveInput& input, std::size_t index);
std::optional<std::int64_t> constant_int(const ResolveInput& input, std::size_t index);
std::optional<bool> constant_bool(const ResolveInput& input, std::size_t index);

}  // namespace sr::expr
