// nullif, greatest, least and typeof, and the rows of if, case, coalesce and the lambda functions (the binder makes
// their nodes). Entry point: register_conditionals. Tested in tests/unit/expr/conditionals_test.cc.
#include "engine/expr/bind.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/literal.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

bool resolve_never(const ResolveInput&, ResolvedCall*, ResolveError* error) {
  return refuse(error, static_cast<std::size_t>(-1), "cannot be called in this form");
}

std::shared_ptr<Column> null_if(const CallContext& context, Args args) {
  auto out = std::make_shared<Column>(*flatten(args[0]));
  context.selection.for_each([&](std::uint32_t row) {
    if (args[0]->valid(row) && args[2]->valid(row) && equal_values(*args[1], row, *args[2], row)) out->set_null(row);
  });
  return out;
}

// args[0] is the value as it is, args[1] and args[2] the two in the type in which they are compared.
bool resolve_null_if(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef type = common_type(input.types[0], input.types[1]);
  if (!type || type->id == TypeId::variant) {
    return refuse(error, 1, "cannot compare " + input.types[0]->name() + " with " + input.types[1]->name());
  }
  call->params = {type, type};
  set_call(call, type,
           [](const CallContext& context, Args args) {
             const ColumnRef both[] = {args[0], args[0], args[1]};
             return null_if(context, both);
           },
           {.nulls = Nulls::handled, .turns_null = true});
  return true;
}

// The greatest or least by the order of compare_values, in which NaN is the greatest; NULLs are skipped.
template <int kSign>
std::shared_ptr<Column> extreme(const CallContext& context, Args args) {
  return build_rows(context, [&](std::uint32_t row, ColumnBuilder& builder) {
    const Column* best = nullptr;
    for (const ColumnRef& arg : args) {
      if (!arg->valid(row)) continue;
      if (!best || compare_values(*arg, row, *best, row) * kSign > 0) best = arg.get();
    }
    if (best) {
      builder.append_from(*best, row);
    } else {
      builder.append_null();
    }
  });
}

template <class T, int kSign>
std::shared_ptr<Column> extreme_plain(const CallContext& context, Args args) {
  Output<T> out(context);
  context.selection.for_each([&](std::uint32_t row) {
    bool found = false;
    T best{};
    for (const ColumnRef& arg : args) {
      if (!arg->valid(row)) continue;
      const T value = arg->get<T>(row);
      bool better = kSign > 0 ? best < value : value < best;
      if constexpr (std::is_same_v<T, double>) {
        if (value != value) better = kSign > 0;
        if (best != best) better = kSign < 0 && value == value;
      }
      if (!found || better) best = value;
      found = true;
    }
    out[row] = best;
    if (!found) out.set_null(row);
  });
  return out.take();
}

template <int kSign>
bool resolve_extreme(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  TypeRef type = types::null();
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    const TypeRef wider = common_type(type, input.types[i]);
    if (!wider) return refuse(error, i, type->name() + " and " + input.types[i]->name() + " have no common type");
    type = wider;
  }
  if (type->id == TypeId::map || type->id == TypeId::variant)
    return refuse(error, 0, "a " + type->name() + " has no order");
  call->params.assign(input.types.size(), type);
  const bool whole = type->id == TypeId::bigint || type->id == TypeId::timestamp || type->id == TypeId::date;
  const Kernel kernel = whole                         ? extreme_plain<std::int64_t, kSign>
                        : type->id == TypeId::float64 ? extreme_plain<double, kSign>
                        : type->id == TypeId::decimal ? extreme_plain<Int128, kSign>
                                                      : extreme<kSign>;
  set_call(call, type, kernel, {.nulls = Nulls::handled, .turns_null = true});
  return true;
}

struct TypeName {
  std::string name;
};

std::shared_ptr<Column> type_name(const CallContext& context, Args) {
  const ColumnRef text = literal_text(types::string(), static_cast<const TypeName*>(context.prepared)->name);
  return std::make_shared<Column>(*spread(text, context.rows));
}

bool resolve_typeof(const ResolveInput& input, ResolvedCall* call, ResolveError*) {
  set_call(call, types::string(), type_name, kHandlesNulls);
  std::string name = input.types[0]->id == TypeId::null ? "void" : input.types[0]->name();
  call->prepared = std::make_shared<const TypeName>(TypeName{std::move(name)});
  return true;
}

struct Row {
  const char* name;
  int least;
  int most;
  const char* signature;
  const char* summary;
  const char* example;
  Resolver resolve = resolve_never;
};

void add_rows(FunctionRegistry& registry, const char* family, std::vector<Row> rows) {
  for (Row& row : rows) {
    FunctionInfo info;
    info.name = row.name;
    info.family = family;
    info.min_args = row.least;
    info.max_args = row.most;
    info.signature = row.signature;
    info.summary = row.summary;
    info.example = row.example;
    info.resolve = std::move(row.resolve);
    info.literal_digits = true;
    registry.add(std::move(info));
  }
}

}  // namespace

void register_conditionals(FunctionRegistry& registry) {
  add_rows(
      registry, "conditionals",
      {{"if", 3, 3, "if(b, v, v)",
        "Gives the second value where b is true, else the third; only that one is evaluated.",
        "if(1 < 2, 'a', 'b') = 'a'"},
       {"coalesce", 1, -1, "coalesce(v, …)", "Gives the first value that is not NULL; what follows is not evaluated.",
        "coalesce(null, 2, 1 div 0) = 2"},
       {"nvl", 2, 2, "nvl(v, v)", "Gives the first value, or the second where that is NULL.", "nvl(null, 2) = 2"},
       {"nvl2", 3, 3, "nvl2(v, v1, v2)", "Gives v1 where v is not NULL, else v2.", "nvl2(null, 1, 2) = 2"},
       {"nullif", 2, 2, "nullif(v1, v2)", "Gives NULL where the values are equal, else v1.", "nullif(1, 1) is null",
        resolve_null_if},
       {"greatest", 2, -1, "greatest(v, v, …)", "Gives the greatest value; skips NULLs.", "greatest(1, null, 3) = 3",
        resolve_extreme<1>},
       {"least", 2, -1, "least(v, v, …)", "Gives the least value; skips NULLs.", "least(1, null, 3) = 1",
        resolve_extreme<-1>},
       {"typeof", 1, 1, "typeof(v)", "Gives the name of v's type.", "typeof(1.50) = 'decimal(3,2)'", resolve_typeof}});
  registry.alias("ifnull", "nvl");
  registry.alias("iff", "if");
  add_rows(registry, "lambdas",
           {{"transform", 2, 2, "transform(a, x -> …)",
             "Gives the lambda's value of each element (and, with two parameters, of its index).",
             "transform(array(1, 2), x -> x * 2) = array(2, 4)"},
            {"filter", 2, 2, "filter(a, x -> …)", "Gives the elements for which the lambda is true.",
             "filter(array(1, 2, 3), x -> x > 1) = array(2, 3)"},
            {"exists", 2, 2, "exists(a, x -> …)", "Tells whether the lambda is true for an element.",
             "exists(array(1, 2), x -> x = 2)"},
            {"forall", 2, 2, "forall(a, x -> …)", "Tells whether the lambda is true for every element.",
             "forall(array(1, 2), x -> x > 0)"},
            {"aggregate", 3, 4, "aggregate(a, start, (acc, x) -> … [, acc -> …])", "Folds an array into one value.",
             "aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x) = 6"},
            {"transform_values", 2, 2, "transform_values(m, (k, v) -> …)", "Gives the map with the lambda's values.",
             "transform_values(map('a', 1), (k, v) -> v + 1)['a'] = 2"},
            {"map_filter", 2, 2, "map_filter(m, (k, v) -> …)", "Gives the entries for which the lambda is true.",
             "size(map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1)) = 1"}});
  registry.alias("reduce", "aggregate");
  add_rows(registry, "dates",
           {{"now", 0, 0, "now()", "Gives the batch's time, a timestamp.", "now() = batch.time"},
            {"current_date", 0, 0, "current_date()", "Gives the day of the batch's time.",
             "current_date() = cast(batch.time as date)"}});
  registry.alias("current_timestamp", "now");
  add_rows(registry, "generated",
           {{"rand", 0, 1, "rand([seed])", "Gives a number in [0, 1), in the columns of a `generate` source only.",
             "rand() < 1.0"}});
  registry.alias("random", "rand");
}

}  // namespace sr::expr
