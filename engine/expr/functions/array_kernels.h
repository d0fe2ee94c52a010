// Rules and kernels over arrays that several files share: concat and reverse also take arrays. Tested in
// tests/unit/expr/arrays_test.cc.
#pragma once

#include <optional>

#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

// Joins the arrays of all arguments (params all of the result's type).
std::shared_ptr<Column> concat_arrays(const CallContext& context, Args args);
// Turns the order of elements around.
std::shared_ptr<Column> reverse_array(const CallContext& context, Args args);

// Blames an argument that is no array; a bare NULL counts as an array of NULLs.
bool check_array(const ResolveInput& input, std::size_t index, ResolveError* error);
// The element type of an argument that check_array took.
TypeRef element_type(const ResolveInput& input, std::size_t index);
// The type that all of some types convert to; null and *error filled if there is none.
TypeRef common_of(std::span<const TypeRef> types, ResolveError* error);
// Resolves a call whose arguments are all arrays: each is cast to the common type, which becomes the result.
bool resolve_same_arrays(const ResolveInput& input, ResolvedCall* call, ResolveError* error);

// What the result of a function over an array is.
enum class ArrayResult : std::uint8_t { array, element, number, boolean, text };
// A rule over one array and `others` (null: a value of the element's type, both widened to their common type).
Resolver over_array(ArrayResult result, std::vector<std::optional<TypeRef>> others, Kernel kernel,
                    CallTraits traits = {});

}  // namespace sr::expr
