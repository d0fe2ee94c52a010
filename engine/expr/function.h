// The registry of scalar functions and operators: one row each, from which binding, docs, `describe`, suggestions and
// completion come. A family is one file in engine/expr/functions with `void register_<family>(FunctionRegistry&)`,
// called in functions/register.cc. Tested in tests/unit/expr: every example runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/builder.h"
#include "engine/data/chunk.h"

namespace sr::expr {

class RowErrors;

// What a kernel gets beside its arguments. It computes the rows of `selection` and leaves the others undefined. Under
// Nulls::propagate the selection holds only rows in which no argument is NULL; the evaluator marks the others.
// Arguments are full columns (maybe constant).
struct CallContext {
  Selection selection;
  std::uint32_t rows = 0;       // of the result
  RowErrors* errors = nullptr;  // a row that fails: errors->add(row, message); messages hold the word of FUNCTIONS.md
  const Tick* tick = nullptr;
  std::uint64_t seed = 0;
  std::uint64_t first_ordinal = 0;
  const void* prepared = nullptr;  // what resolve() prepared, e.g. a compiled pattern; immutable, shared by threads
  TypeRef result;                  // the resolved result type
};
// Gives a column of `context.rows` rows of type `context.result`.
using Kernel = std::shared_ptr<Column> (*)(const CallContext& context, std::span<const ColumnRef> args);

enum class Nulls : std::uint8_t {
  propagate,  // NULL in, NULL out
  handled     // the kernel looks at validity itself
};

// A call whose types are known.
struct ResolvedCall {
  TypeRef result;
  std::vector<TypeRef> params;  // to which the arguments are cast (implicitly, lossless); null: as it is
  Kernel kernel = nullptr;
  Nulls nulls = Nulls::propagate;
  bool can_fail = false;
  bool deterministic = true;
  bool turns_null = false;  // may give NULL though no argument is
  // Safe on any bits (numbers only): under propagate the kernel is given rows with NULL arguments too, computes
  // whatever for them and raises nothing: see map_dense and map_dense_checked in kernel.h. Saves the evaluator making a
  // selection.
  bool any_bits = false;
  std::shared_ptr<const void> prepared = {};
};

// The argument types of a call, and the one-row columns of those that are constant (else null).
struct ResolveInput {
  std::span<const TypeRef> types;
  std::span<const ColumnRef> constants;
};

// Types that do not fit: the argument to blame (or npos for the whole call) and why.
struct ResolveError {
  std::size_t argument = static_cast<std::size_t>(-1);
  std::string message;
};
// A null type in `types` stands for an unknown one and never reaches resolve.
using Resolver = std::function<bool(const ResolveInput& input, ResolvedCall* call, ResolveError* error)>;

struct FunctionInfo {
  std::string name;    // lower case; operators by their sign
  std::string family;  // strings, numbers, dates, …
  int min_args = 0;
  int max_args = 0;       // -1: any number
  std::string signature;  // `substring(s, pos [, len])`
  std::string summary;    // one sentence
  std::string example;    // `substring('abc', 2) = 'bc'`: a boolean expression that is true
  Resolver resolve;
  std::string alias_of = {};
  bool is_operator = false;
  bool literal_digits =
      false;  // beside a decimal, an integer literal counts as decimal(its digits, 0), not as decimal(20,0)
};

class FunctionRegistry {
 public:
  void add(FunctionInfo info);
  void alias(std::string name, const std::string& of);
  const FunctionInfo* find(std::string_view lower_name) const;
  std::vector<const FunctionInfo*> all() const;  // by family, then name
  std::vector<std::string> names() const;        // without operators

 private:
  std::map<std::string, FunctionInfo, std::less<>> functions_;
};

// The functions of this binary; built once on first use, immutable afterwards.
const FunctionRegistry& functions();

}  // namespace sr::expr
