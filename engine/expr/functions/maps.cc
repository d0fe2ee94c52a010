// Maps from strings: map, map_from_arrays, map_from_entries, map_concat, map_keys, map_values, map_entries,
// map_contains_key. A key twice or a NULL key fails the row. Entry point: register_maps. Tested in
// tests/unit/expr/maps_test.cc.
#include "engine/expr/functions/array_kernels.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/list_picks.h"
#include "engine/expr/functions/map_kernels.h"

namespace sr::expr {

namespace {

// Makes map columns: entries by index into a column of keys and one of values.
class MapPicks {
 public:
  explicit MapPicks(const CallContext& context) : context_(context), column_(new_column(context)) {}

  void begin_row(std::uint32_t row) {
    for (; next_ <= row; ++next_) column_->offsets[next_] = size();
    row_ = row;
  }
  void set_null() { column_->set_null(row_); }
  // Says whether the entry is good; a bad one fails the row.
  bool pick(const Column& all_keys, std::uint32_t key, std::uint32_t value) {
    if (!all_keys.valid(key)) return fail("a map's key is NULL");
    for (std::uint32_t i = column_->offsets[row_]; i < size(); ++i) {
      if (all_keys.get<Str>(keys_[i]) == all_keys.get<Str>(key)) {
        return fail("duplicate map key " + std::string(all_keys.get<Str>(key).view()));
      }
    }
    keys_.push_back(key);
    values_.push_back(value);
    return true;
  }
  bool fail(std::string_view message) {
    context_.errors->add(row_, message);
    return false;
  }
  std::shared_ptr<Column> take(const ColumnRef& keys, const ColumnRef& values) {
    begin_row(column_->size);
    const std::uint32_t none = 0;
    const std::uint32_t count = size();
    column_->children.push_back(gather(keys, {count ? keys_.data() : &none, count}));
    column_->children.push_back(gather(values, {count ? values_.data() : &none, count}));
    return std::move(column_);
  }

 private:
  static std::shared_ptr<Column> new_column(const CallContext& context) {
    auto column = std::make_shared<Column>(context.result, context.rows);
    column->offsets.resize(context.rows + 1);
    return column;
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }

  const CallContext& context_;
  std::shared_ptr<Column> column_;
  Vec<std::uint32_t> keys_;
  Vec<std::uint32_t> values_;
  std::uint32_t next_ = 0;
  std::uint32_t row_ = 0;
};

std::shared_ptr<Column> make_map(const CallContext& context, Args args) {
  JoinedElements keys(types::string());
  JoinedElements values(context.result->element());
  std::vector<std::uint32_t> key_bases;
  std::vector<std::uint32_t> value_bases;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    key_bases.push_back(keys.add(args[i]));
    value_bases.push_back(values.add(args[i + 1]));
  }
  const ColumnRef all_keys = keys.take();
  MapPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    for (std::size_t i = 0; i < key_bases.size(); ++i) {
      if (!picks.pick(*all_keys, key_bases[i] + row, value_bases[i] + row)) return;
    }
  });
  return picks.take(all_keys, values.take());
}

bool resolve_map(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types.size() % 2 != 0)
    return refuse(error, static_cast<std::size_t>(-1), "map needs keys and values in pairs");
  std::vector<TypeRef> values;
  for (std::size_t i = 0; i < input.types.size(); i += 2) {
    if (!check_argument(input, i, types::string(), error)) return false;
    values.push_back(input.types[i + 1]);
  }
  const TypeRef value = common_of(values, error);
  if (!value) {
    error->argument = error->argument * 2 + 1;
    return false;
  }
  for (std::size_t i = 0; i < input.types.size(); ++i) call->params.push_back(i % 2 == 0 ? types::string() : value);
  set_call(call, types::map(value), make_map, {.nulls = Nulls::handled, .can_fail = true});
  return true;
}

std::shared_ptr<Column> map_from_arrays(const CallContext& context, Args args) {
  const ColumnRef& keys = elements_of(args[0]);
  MapPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    const std::uint32_t key = args[0]->begin_of(row);
    const std::uint32_t value = args[1]->begin_of(row);
    const std::uint32_t count = args[0]->end_of(row) - key;
    if (count != args[1]->end_of(row) - value) {
      picks.fail("map_from_arrays needs as many keys as values");
      return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!picks.pick(*keys, key + i, value + i)) return;
    }
  });
  return picks.take(keys, elements_of(args[1]));
}

bool resolve_map_from_arrays(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef keys = types::array(types::string());
  if (!check_argument(input, 0, keys, error) || !check_array(input, 1, error)) return false;
  const TypeRef value = element_type(input, 1);
  call->params = {keys, types::array(value)};
  set_call(call, types::map(value), map_from_arrays, kFails);
  return true;
}

std::shared_ptr<Column> map_from_entries(const CallContext& context, Args args) {
  const ColumnRef entries = flatten(elements_of(args[0]));
  const Column& keys = *entries->children[0];
  MapPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    for (std::uint32_t i = args[0]->begin_of(row); i < args[0]->end_of(row); ++i) {
      if (!entries->valid(i)) return picks.set_null();
    }
    for (std::uint32_t i = args[0]->begin_of(row); i < args[0]->end_of(row); ++i) {
      if (!picks.pick(keys, i, i)) return;
    }
  });
  return picks.take(entries->children[0], entries->children[1]);
}

bool resolve_map_from_entries(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef entry = input.types[0]->id == TypeId::array ? input.types[0]->element() : types::null();
  const bool good =
      entry->id == TypeId::structure && entry->fields.size() == 2 && entry->fields[0].type->id == TypeId::string;
  if (!good) {
    return refuse(error, 0, "expected an array of structs of a string and a value, got " + input.types[0]->name());
  }
  call->params = {nullptr};
  set_call(call, types::map(entry->fields[1].type), map_from_entries, {.can_fail = true, .turns_null = true});
  return true;
}

std::shared_ptr<Column> map_concat(const CallContext& context, Args args) {
  JoinedElements keys(types::string());
  JoinedElements values(context.result->element());
  std::vector<std::uint32_t> bases;
  for (const ColumnRef& arg : args) {
    bases.push_back(keys.add(arg->children[0]));
    values.add(arg->children[1]);
  }
  const ColumnRef all_keys = keys.take();
  MapPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    for (std::size_t a = 0; a < args.size(); ++a) {
      for (std::uint32_t i = args[a]->begin_of(row); i < args[a]->end_of(row); ++i) {
        if (!picks.pick(*all_keys, bases[a] + i, bases[a] + i)) return;
      }
    }
  });
  return picks.take(all_keys, values.take());
}

bool check_map(const ResolveInput& input, std::size_t index, ResolveError* error) {
  const TypeId id = input.types[index]->id;
  if (id == TypeId::map || id == TypeId::null) return true;
  return refuse(error, index, "expected a map, got " + input.types[index]->name());
}

TypeRef value_type(const TypeRef& map) {
  return map->id == TypeId::map ? map->element() : types::null();
}

bool resolve_map_concat(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  std::vector<TypeRef> values;
  for (std::size_t i = 0; i < input.types.size(); ++i) {
    if (!check_map(input, i, error)) return false;
    values.push_back(value_type(input.types[i]));
  }
  const TypeRef value = common_of(values, error);
  if (!value) return false;
  call->params.assign(input.types.size(), types::map(value));
  set_call(call, types::map(value), map_concat, kFails);
  return true;
}

// A child of the map as arrays: keys (0) or values (1).
template <int kChild>
std::shared_ptr<Column> map_side(const CallContext& context, Args args) {
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    picks.pick_range(args[0]->begin_of(row), args[0]->end_of(row));
  });
  return picks.take(args[0]->children[kChild]);
}

std::shared_ptr<Column> map_entries(const CallContext& context, Args args) {
  auto entries = std::make_shared<Column>(context.result->element(), args[0]->children[0]->size);
  entries->children = {flatten(args[0]->children[0]), flatten(args[0]->children[1])};
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    picks.pick_range(args[0]->begin_of(row), args[0]->end_of(row));
  });
  return picks.take(entries);
}

enum class MapResult : std::uint8_t { keys, values, entries, contains };

Resolver over_map(MapResult result, Kernel kernel) {
  return [=](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    if (!check_map(input, 0, error)) return false;
    const TypeRef value = value_type(input.types[0]);
    call->params = {types::map(value)};
    if (result == MapResult::contains) {
      if (!check_argument(input, 1, types::string(), error)) return false;
      call->params.push_back(types::string());
    }
    const TypeRef of[] = {types::array(types::string()), types::array(value),
                          types::array(types::structure({{"key", types::string()}, {"value", value}})),
                          types::boolean()};
    set_call(call, of[static_cast<std::size_t>(result)], kernel);
    return true;
  };
}

// The entry with the row's key, or the row's end.
std::uint32_t find_key(const Column& map, const Str& key, std::uint32_t row) {
  const Column& keys = *map.children[0];
  std::uint32_t i = map.begin_of(row);
  while (i < map.end_of(row) && !(keys.get<Str>(i) == key)) ++i;
  return i;
}

std::shared_ptr<Column> map_contains_key(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  const Reader<Str> keys(*args[1]);
  context.selection.for_each(
      [&](std::uint32_t row) { out[row] = find_key(*args[0], keys[row], row) < args[0]->end_of(row) ? 1 : 0; });
  return out.take();
}

std::shared_ptr<Column> map_value(const CallContext& context, Args args) {
  const Reader<Str> keys(*args[1]);
  const Column& values = *args[0]->children[1];
  return build_rows(context, [&](std::uint32_t row, ColumnBuilder& builder) {
    const std::uint32_t found = find_key(*args[0], keys[row], row);
    if (found < args[0]->end_of(row)) {
      builder.append_from(values, found);
    } else {
      builder.append_null();
    }
  });
}

}  // namespace

bool resolve_map_value(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!check_map(input, 0, error) || !check_argument(input, 1, types::string(), error)) return false;
  const TypeRef value = value_type(input.types[0]);
  call->params = {types::map(value), types::string()};
  set_call(call, value, map_value, kTurnsNull);
  return true;
}

void register_maps(FunctionRegistry& registry) {
  Family maps(registry, "maps");
  maps.add({{0, kAnyNumber},
            "map(k, v, …)",
            "Makes a map of string keys and values of one type.",
            "map('a', 1, 'b', 2)['b'] = 2",
            resolve_map});
  maps.add({{2, 2},
            "map_from_arrays(keys, values)",
            "Makes a map of an array of keys and one of values.",
            "map_from_arrays(array('a'), array(1))['a'] = 1",
            resolve_map_from_arrays});
  maps.add({{1, 1},
            "map_from_entries(a)",
            "Makes a map of an array of structs of a key and a value.",
            "map_from_entries(array(struct('a', 1)))['a'] = 1",
            resolve_map_from_entries});
  maps.add({{0, kAnyNumber},
            "map_concat(m, …)",
            "Joins maps; a key twice is an error.",
            "size(map_concat(map('a', 1), map('b', 2))) = 2",
            resolve_map_concat});
  maps.add({{1, 1},
            "map_keys(m)",
            "Gives the keys.",
            "map_keys(map('a', 1)) = array('a')",
            over_map(MapResult::keys, map_side<0>)});
  maps.add({{1, 1},
            "map_values(m)",
            "Gives the values, in the order of map_keys.",
            "map_values(map('a', 1)) = array(1)",
            over_map(MapResult::values, map_side<1>)});
  maps.add({{1, 1},
            "map_entries(m)",
            "Gives the entries as structs of key and value.",
            "map_entries(map('a', 1))[0].value = 1",
            over_map(MapResult::entries, map_entries)});
  maps.add({{2, 2},
            "map_contains_key(m, k)",
            "Tells whether the map has the key.",
            "map_contains_key(map('a', 1), 'a')",
            over_map(MapResult::contains, map_contains_key)});
}

}  // namespace sr::expr
