#include "operators/support/initial_state.h"

#include <algorithm>
#include <numeric>

namespace sr::operators {

namespace {

// Where bound rows go.
struct InitialPlace {
  const StateShape& shape;
  InitialState& initial;
};

// Finds the key and state columns in rows of `initial`.
bool map_initial(const Schema& rows, Span span, specs::BindContext& context, InitialPlace place) {
  const StateShape& shape = place.shape;
  InitialState::Rows& initial = place.initial.rows.emplace_back();
  std::vector<Field> wanted = shape.key_fields;
  wanted.insert(wanted.end(), shape.state.begin(), shape.state.end());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto found = rows.find(wanted[i].name);
    const bool key = i < shape.key_fields.size();
    if (!found && key) {
      context.error("SR4306", span, "the rows of `initial` lack the key column `" + wanted[i].name + "`");
      return false;
    }
    const bool known = found && rows.fields[*found].type && wanted[i].type;
    if (known && !same_type(rows.fields[*found].type, wanted[i].type)) {
      context.error("SR4307", span,
                    "`" + wanted[i].name + "` is " + rows.fields[*found].type->name() + " in `initial` and " +
                        wanted[i].type->name() + " here");
      return false;
    }
    initial.columns.push_back(found ? std::optional(static_cast<std::uint32_t>(*found)) : std::nullopt);
  }
  return true;
}

// The columns that a row of `initial` gives: the key's, and those of the state that it does not leave out.
std::vector<Field> named_fields(const specs::SpecValue& row, const StateShape& shape) {
  std::vector<Field> fields = shape.key_fields;
  for (const Field& field : shape.state) {
    const bool named = !row.is_map() || std::any_of(row.entries.begin(), row.entries.end(),
                                                    [&](const auto& e) { return same_name(e.key, field.name); });
    if (named) fields.push_back(field);
  }
  return fields;
}

// A key of NULL is written as such: a row that leaves one out has forgotten it.
bool initial_has_keys(const specs::SpecValue& rows, const StateShape& shape, specs::BindContext& context) {
  bool sound = true;
  for (const specs::SpecValue& row : rows.items) {
    for (const Field& key : shape.key_fields) {
      const auto names = [&](const auto& entry) { return same_name(entry.key, key.name); };
      if (!row.is_map() || std::any_of(row.entries.begin(), row.entries.end(), names)) continue;
      context.error("SR4306", row.span, "a row of `initial` lacks the key column `" + key.name + "`");
      sound = false;
    }
  }
  return sound;
}

}  // namespace

bool bind_initial(const specs::RawOption& option, const StateShape& shape, specs::BindContext& context,
                  InitialState& initial) {
  if (!option.present()) return true;
  const specs::SpecValue& value = option.value;
  for (std::uint32_t i = 0; i < context.inputs().size(); ++i) {
    const specs::InputInfo& input = context.inputs()[i];
    if (input.role != "initial") continue;
    initial.input = i;
    return input.schema && map_initial(*input.schema, value.span, context, {shape, initial});
  }
  if (!value.is_list()) {
    context.error("SR4308", value.span, "`initial` is a list of rows, or the name of a dataset");
    return false;
  }
  if (!initial_has_keys(value, shape, context)) return false;
  // Rows may leave state columns out; those that leave out the same are decoded together.
  for (std::size_t at = 0; at < value.items.size();) {
    const auto schema = std::make_shared<const Schema>(named_fields(value.items[at], shape));
    specs::SpecValue run = value;
    run.items.clear();
    do {
      run.items.push_back(value.items[at++]);
    } while (at < value.items.size() && schema->names() == Schema(named_fields(value.items[at], shape)).names());
    auto rows = context.rows(run, schema);
    if (!rows || !map_initial(*schema, value.span, context, {shape, initial})) return false;
    initial.rows.back().chunks = std::move(*rows);
  }
  return true;
}

bool load_initial(const InitialLoad& load, KeyedState& state, const flow::BatchContext& context, flow::Emitter& out) {
  if (load.shape.key.empty()) {
    std::uint32_t group = 0;
    state.table().find_or_insert({}, Selection{nullptr, 1}, &group);
    if (!fill_new(load.shape, state, context, out)) return false;
  }
  const std::size_t keys = load.shape.key.size();
  const auto add = [&](const Chunk& rows, const std::vector<std::optional<std::uint32_t>>& named) {
    std::vector<ColumnRef> columns;
    for (std::size_t i = 0; i < keys; ++i) columns.push_back(rows.columns[*named[i]]);
    std::vector<std::uint32_t> groups(rows.rows), places(rows.rows);
    state.table().find_or_insert(columns, Selection{nullptr, rows.rows}, groups.data());
    if (!fill_new(load.shape, state, context, out)) return false;
    std::iota(places.begin(), places.end(), 0U);
    for (std::size_t s = 0; s < load.shape.state.size(); ++s) {
      if (named[keys + s]) state.store(s, groups, *rows.columns[*named[keys + s]], places);
    }
    return true;
  };
  for (const InitialState::Rows& rows : load.initial.rows) {
    const bool dataset = load.initial.input && context.datasets[*load.initial.input];
    for (const Chunk& chunk : dataset ? context.datasets[*load.initial.input]->chunks : rows.chunks) {
      if (!add(chunk.compact(), rows.columns)) return false;
    }
  }
  return true;
}

}  // namespace sr::operators
