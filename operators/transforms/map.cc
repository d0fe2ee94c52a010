// map: computes columns. `select` gives exactly the listed columns; `set` adds or replaces columns and keeps the
// others; `drop` removes some.
//
//   priced:
//     type: map
//     input: orders
//     set: {total: quantity * price}
//     drop: [note]
//
// Tested in tests/jobs/map.yaml.
#include <algorithm>
#include <unordered_map>

#include "engine/base/text.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct MapConfig {
  specs::ExprMap select;
  specs::ExprMap set;
  std::vector<specs::NameOption> drop;
};

// Where a column of the result comes from: an expression, or as it is from a column of the input.
struct Computed {
  expr::BoundRef value;  // null: input column `from`
  std::uint32_t from = 0;
};

class Map final : public flow::Stateless {
 public:
  Map(SchemaRef schema, const std::vector<Computed>& columns, const std::vector<bool>& needed)
      : schema_(std::move(schema)) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool read = i >= needed.size() || needed[i];
      const Computed& column = columns[i];
      values_.push_back(read ? column.value : nullptr);
      if (!read) {
        unread_.push_back({i, column.value ? column.value->type : schema_->fields[i].type});
      } else if (!column.value) {
        kept_.push_back({i, column.from});
      }
    }
    expr::share_common(values_);
  }

  Status process(const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& out) const override {
    expr::EvalInput input{chunk.columns, chunk.rows, chunk.selection(), &context.tick, context.seed};
    expr::RowErrors errors;
    Chunk result{schema_, expr::evaluate_all(values_, input, errors), chunk.rows, chunk.selected, chunk.event_time};
    for (const auto& [to, from] : kept_) result.columns[to] = chunk.columns[from];
    for (const auto& [to, type] : unread_) result.columns[to] = null_column(type, chunk.rows);
    if (!errors.empty()) {
      auto kept = std::make_shared<Vec<std::uint32_t>>();
      if (!out.drop_failed(chunk, errors, *kept)) return {};
      if (kept->empty()) return {};
      result.selected = std::move(kept);
    }
    out.emit(std::move(result));
    return {};
  }

 private:
  SchemaRef schema_;
  std::vector<expr::BoundRef> values_;                       // null: no expression
  std::vector<std::pair<std::size_t, std::uint32_t>> kept_;  // columns as they are: here, and in the input
  std::vector<std::pair<std::size_t, TypeRef>> unread_;      // columns that nobody reads
};

// The output under construction: fields and what computes them.
struct Output {
  std::vector<Field> fields;
  std::vector<Computed> columns;
  bool complete = true;  // false: an expression failed, so some type is unknown
};

void add_selected(const specs::ExprMap& select, const expr::Scope& scope, specs::BindContext& context, Output& output) {
  for (const specs::NamedExpr& item : select) {
    expr::BoundRef bound = context.bind(item.expr, scope);
    if (!bound) output.complete = false;
    output.fields.push_back({item.name, bound ? bound->type : nullptr});  // an ExprMap repeats no name
    output.columns.push_back({std::move(bound)});
  }
}

void add_set(const specs::ExprMap& set, const expr::Scope& scope, specs::BindContext& context, Output& output) {
  constexpr std::size_t kNew = ~std::size_t{0};
  std::unordered_map<std::string, std::size_t> places;  // of the names of `set` among the fields that are there
  for (const specs::NamedExpr& item : set) places.emplace(ascii_lower(item.name), kNew);
  for (std::size_t i = 0; i < output.fields.size(); ++i) {
    const auto place = places.find(ascii_lower(output.fields[i].name));
    if (place != places.end() && place->second == kNew) place->second = i;
  }
  for (const specs::NamedExpr& item : set) {  // an ExprMap repeats no name
    expr::BoundRef bound = context.bind(item.expr, scope);
    if (!bound) output.complete = false;
    const TypeRef type = bound ? bound->type : nullptr;
    const std::size_t place = places.at(ascii_lower(item.name));
    if (place == kNew) {
      output.fields.push_back({item.name, type});
      output.columns.push_back({std::move(bound)});
    } else {
      output.fields[place].type = type;
      output.columns[place] = {std::move(bound)};
    }
  }
}

void drop_columns(const std::vector<specs::NameOption>& drop, const SchemaRef& schema, specs::BindContext& context,
                  Output& output) {
  for (const specs::NameOption& name : drop) {
    if (!schema->find(name.name)) {
      const std::string near = nearest(name.name, schema->names());
      context.report({.code = "SR3010",
                      .message = "unknown column `" + name.name + "` in `drop`",
                      .span = name.span,
                      .label = near.empty() ? "" : "did you mean `" + near + "`?",
                      .help = "columns: " + schema->to_text(),
                      .suggestion = near});
      continue;
    }
    auto field = std::find_if(output.fields.begin(), output.fields.end(),
                              [&](const Field& f) { return same_name(f.name, name.name); });
    if (field == output.fields.end()) continue;
    output.columns.erase(output.columns.begin() + (field - output.fields.begin()));
    output.fields.erase(field);
  }
}

std::set<std::uint32_t> columns_read(const std::vector<Computed>& columns, const std::set<std::uint32_t>& output) {
  std::set<std::uint32_t> read;
  for (const std::uint32_t i : output) {
    if (i >= columns.size()) break;
    if (columns[i].value) {
      expr::collect_columns(*columns[i].value, read);
    } else {
      read.insert(read.end(), columns[i].from);  // mostly the last one so far
    }
  }
  return read;
}

// `select` excludes the other two, and one of the three must be there.
bool check_shape(const MapConfig& config, specs::BindContext& context) {
  if (!context.has_option("select") && !context.has_option("set") && !context.has_option("drop")) {
    context.error("SR2011", context.node_span(), "map `" + context.id() + "` computes nothing", "",
                  "give it `select: {name: expression}`, `set: {name: expression}` or `drop: [name]`");
    return false;
  }
  for (const char* other : {"set", "drop"}) {
    if (!context.has_option("select") || !context.has_option(other)) continue;
    context.error("SR2012", context.key_span(other),
                  std::string("`select` already names every column, so `") + other + "` has no place beside it", "",
                  "use either `select` alone, or `set` and `drop`");
    return false;
  }
  return true;
}

std::optional<specs::BoundNode> bind_map(const MapConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const expr::Scope scope = context.scope();
  if (!check_shape(config, context)) return std::nullopt;
  Output output;
  if (context.has_option("select")) {
    add_selected(config.select, scope, context, output);
  } else {
    if (schema) {
      for (std::uint32_t i = 0; i < schema->size(); ++i) {
        output.fields.push_back(schema->fields[i]);
        output.columns.push_back({nullptr, i});
      }
    }
    add_set(config.set, scope, context, output);
    if (schema) drop_columns(config.drop, schema, context, output);
  }
  if (!schema && !context.has_option("select")) return std::nullopt;
  specs::BoundNode bound;
  const auto result = std::make_shared<const Schema>(std::move(output.fields));
  bound.ports = {{"", result}};
  // The names are known even where an expression is wrong: readers are checked against them.
  if (!schema || !output.complete || context.failed()) return bound;
  bound.deterministic = std::all_of(output.columns.begin(), output.columns.end(), [](const Computed& column) {
    return !column.value || column.value->deterministic;
  });
  const auto columns = std::make_shared<const std::vector<Computed>>(std::move(output.columns));
  bound.reads = [columns](std::uint32_t, const std::set<std::uint32_t>& needed) {
    return columns_read(*columns, needed);
  };
  bound.make = [result, columns](const specs::MakeOptions& options) {
    specs::Made made;
    made.stateless = std::make_unique<Map>(result, *columns, options.needed);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<MapConfig>> map_options() {
  auto table = std::make_shared<specs::OptionTable<MapConfig>>();
  table->option("select", &MapConfig::select)
      .doc("The columns of the result, each with its expression.")
      .example("{user: user, total: quantity * price}");
  table->option("set", &MapConfig::set)
      .doc("Columns to add or replace; all others stay.")
      .example("{total: quantity * price}");
  table->option("drop", &MapConfig::drop).doc("Columns to leave out.").example("[note]");
  return table;
}

}  // namespace

void register_map(specs::Registry& registry) {
  registry.add(specs::node<MapConfig>(
      {.name = "map",
       .group = "transforms",
       .summary = "Computes columns: `select` names them all, `set` adds or replaces some, `drop` removes some.",
       .example = "priced:\n  type: map\n  input: orders\n  set: {total: quantity * price}\n"},
      map_options(), bind_map));
}

}  // namespace sr::operators
