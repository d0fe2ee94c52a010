// flat_map: one row per element of an array; none for a NULL or empty array; a NULL element is a row. `keep` carries
// columns along.
//
//   words:
//     type: flat_map
//     input: lines
//     expr: split(value, ' ')
//     as: word
//
// Tested in tests/jobs/flat_map.yaml.
#include <algorithm>

#include "specs/registry.h"

namespace sr::operators {
namespace {

struct FlatMapConfig {
  specs::ExprOption expr;
  specs::NameOption as;
  std::vector<specs::NameOption> keep;
};

class FlatMap final : public flow::Stateless {
 public:
  FlatMap(SchemaRef schema, expr::BoundRef array, std::vector<std::uint32_t> keep)
      : schema_(std::move(schema)), array_(std::move(array)), keep_(std::move(keep)) {}

  Status process(const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& out) const override {
    expr::EvalInput input{chunk.columns, chunk.rows, chunk.selection(), &context.tick, context.seed};
    expr::RowErrors errors;
    const ColumnRef arrays = expr::evaluate(*array_, input, errors);
    Vec<std::uint32_t> kept;
    Selection rows = chunk.selection();
    if (!errors.empty()) {
      if (!out.drop_failed(chunk, errors, kept)) return {};
      rows = {kept.data(), static_cast<std::uint32_t>(kept.size())};
    }
    const bool rows_needed = !keep_.empty() || chunk.event_time;
    if (!rows_needed && emit_contiguous(*arrays, rows, out)) return {};
    emit_gathered(chunk, *arrays, rows, out);
    return {};
  }

 private:
  // The elements of consecutive rows stand side by side: hand out ranges of the child column. False: they do not.
  bool emit_contiguous(const Column& arrays, Selection rows, flow::Emitter& out) const {
    if (!rows.is_all() || arrays.constant || arrays.may_have_nulls() || rows.count == 0) return false;
    const ColumnRef& elements = arrays.children[0];
    const std::uint32_t end = arrays.end_of(rows.count - 1);
    for (std::uint32_t at = arrays.begin_of(0); at < end; at += kChunkRows) {
      const std::uint32_t count = std::min(kChunkRows, end - at);
      out.emit(Chunk{schema_, {with_holders(slice(elements, at, count), arrays)}, count, nullptr, nullptr});
    }
    return true;
  }

  // Views of the elements may point into what the array column holds.
  static ColumnRef with_holders(ColumnRef part, const Column& arrays) {
    if (arrays.holders.empty()) return part;
    auto held = std::make_shared<Column>(*part);
    held->hold(arrays);
    return held;
  }

  void emit_gathered(const Chunk& chunk, const Column& arrays, Selection rows, flow::Emitter& out) const {
    Vec<std::uint32_t> parents, elements;
    auto flush = [&] {
      if (elements.empty()) return;
      const auto count = static_cast<std::uint32_t>(elements.size());
      const Selection from_elements{elements.data(), count};
      const Selection from_parents{parents.data(), count};
      Chunk result{schema_, {}, count, nullptr, nullptr};
      for (const std::uint32_t column : keep_) result.columns.push_back(gather(chunk.columns[column], from_parents));
      result.columns.push_back(with_holders(gather(arrays.children[0], from_elements), arrays));
      if (chunk.event_time) result.event_time = gather(chunk.event_time, from_parents);
      out.emit(std::move(result));
      parents.clear();
      elements.clear();
    };
    rows.for_each([&](std::uint32_t row) {
      if (!arrays.valid(row)) return;
      for (std::uint32_t at = arrays.begin_of(row); at < arrays.end_of(row); ++at) {
        parents.push_back(row);
        elements.push_back(at);
        if (elements.size() == kChunkRows) flush();
      }
    });
    flush();
  }

  SchemaRef schema_;
  expr::BoundRef array_;
  std::vector<std::uint32_t> keep_;
};

// Fields of the result: the kept columns, then the element.
std::optional<std::vector<std::uint32_t>> kept_columns(const FlatMapConfig& config, const SchemaRef& schema,
                                                       specs::BindContext& context, std::vector<Field>& fields) {
  std::vector<std::uint32_t> keep;
  for (const specs::NameOption& name : config.keep) {
    if (!schema) return std::nullopt;
    const auto found = schema->find(name.name);
    if (!found) {
      const std::string near = nearest(name.name, schema->names());
      context.report({.code = "SR3010",
                      .message = "unknown column `" + name.name + "` in `keep`",
                      .span = name.span,
                      .label = near.empty() ? "" : "did you mean `" + near + "`?",
                      .help = "columns: " + schema->to_text(),
                      .suggestion = near});
      const auto meant = schema->find(near);
      if (!meant) return std::nullopt;
      fields.push_back(schema->fields[*meant]);
      continue;
    }
    context.add_column(fields, schema->fields[*found].name, schema->fields[*found].type, name.span);
    keep.push_back(static_cast<std::uint32_t>(*found));
  }
  return keep;
}

std::optional<specs::BoundNode> bind_flat_map(const FlatMapConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const expr::BoundRef array = context.bind(config.expr, context.scope());
  std::vector<Field> fields;
  const auto keep = kept_columns(config, schema, context, fields);
  if (array && array->type->id != TypeId::array) {
    context.error("SR3027", context.value_span("expr"), "`expr` must be an array, and this is " + array->type->name(),
                  array->type->name(),
                  "flat_map gives one row per element; `array(x)` makes an array, `split(text, ' ')` too");
  }
  if (!keep) return std::nullopt;
  const bool sound = array && array->type->id == TypeId::array;
  context.add_column(fields, config.as.name, sound ? array->type->element() : nullptr, config.as.span);
  specs::BoundNode bound;
  auto result = std::make_shared<const Schema>(fields);
  bound.ports = {{"", result}};
  if (!sound || !schema || context.failed()) return bound;
  bound.deterministic = array->deterministic;
  std::set<std::uint32_t> read(keep->begin(), keep->end());
  expr::collect_columns(*array, read);
  bound.reads = [read](std::uint32_t, const std::set<std::uint32_t>&) { return read; };
  bound.make = [result, array, keep = *keep](const specs::MakeOptions&) {
    specs::Made made;
    made.stateless = std::make_unique<FlatMap>(result, array, keep);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<FlatMapConfig>> flat_map_options() {
  auto table = std::make_shared<specs::OptionTable<FlatMapConfig>>();
  table->option("expr", &FlatMapConfig::expr)
      .required()
      .doc("The array whose elements become rows.")
      .example("split(value, ' ')");
  table->option("as", &FlatMapConfig::as).required().doc("The name of the element's column.").example("word");
  table->option("keep", &FlatMapConfig::keep)
      .doc("Columns of the input that each element's row carries along.")
      .example("[user]");
  return table;
}

}  // namespace

void register_flat_map(specs::Registry& registry) {
  registry.add(specs::node<FlatMapConfig>(
      {.name = "flat_map",
       .group = "transforms",
       .summary = "Gives one row per element of an array.",
       .example = "words:\n  type: flat_map\n  input: lines\n  expr: split(value, ' ')\n  as: word\n"},
      flat_map_options(), bind_flat_map));
}

}  // namespace sr::operators
