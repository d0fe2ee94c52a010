// generate: rows from expressions over `row` (0, 1, …) and seeded rand(), as many as wanted, as fast as wanted. The
// same rows in every run.
//
//   readings:
//     type: generate
//     columns:
//       sensor: row % 10
//       value: rand() * 100
//     rate: 1000/s
//     rows: 60000
//
// Tested in tests/jobs.
#include <algorithm>

#include "engine/base/hash.h"
#include "engine/expr/eval.h"
#include "engine/flow/position.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct GenerateConfig {
  specs::ExprMap columns;
  std::optional<Rate> rate;
  std::optional<std::int64_t> rows;
};

// Handed out at a time when nothing else limits it.
constexpr std::int64_t kRowsTogether = 1 << 18;
constexpr std::string_view kUnit = "row";  // of positions

class Generate final : public flow::Source {
 public:
  explicit Generate(const GenerateConfig& config)
      : rate_(config.rate ? config.rate->per_second : 0), rows_(config.rows.value_or(INT64_MAX)) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    if (resume_from && !resume_from->empty()) {
      const auto row = flow::count_of(kUnit, *resume_from);
      if (!row) return flow::foreign_position(context.id);
      next_ = *row;
    }
    go_on_from(next_);
    return {};
  }

  Result<flow::SourceSlice> replay(const flow::Position& until) override {
    flow::SourceSlice slice;
    const std::int64_t end = flow::count_of(kUnit, until).value_or(-1);
    if (end < next_ || end > rows_) return flow::foreign_position(context_.id);
    if (end > next_) slice.pieces.emplace_back().rows = flow::InputPiece::RowRange{next_, end - next_};
    slice.records = end - next_;
    go_on_from(end);
    slice.position = until;
    return slice;
  }
  flow::Position standing() const override { return flow::counted_position(kUnit, next_); }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    std::int64_t due = rows_;
    if (rate_ > 0) {
      const double seconds = static_cast<double>(context_.env->clock->monotonic_us() - started_us_) / 1e6;
      due = std::min<std::int64_t>(due, first_ + static_cast<std::int64_t>(seconds * rate_));
    }
    flow::SourceSlice slice;
    const std::int64_t count =
        stopped_ ? 0 : std::max<std::int64_t>(0, std::min({due - next_, budget.records, kRowsTogether}));
    if (count > 0) slice.pieces.emplace_back().rows = flow::InputPiece::RowRange{next_, count};
    next_ += count;
    slice.records = count;
    slice.more = !stopped_ && next_ < due;
    slice.position = standing();
    return slice;
  }

  bool ended() const override { return stopped_ || next_ >= rows_; }
  void stop() override { stopped_ = true; }
  void close() override {}

 private:
  // The rate counts from here.
  void go_on_from(std::int64_t row) {
    first_ = next_ = row;
    started_us_ = context_.env->clock->monotonic_us();
  }

  double rate_;
  std::int64_t rows_;
  flow::SourceContext context_;
  std::int64_t first_ = 0;
  std::int64_t next_ = 0;
  std::int64_t started_us_ = 0;
  bool stopped_ = false;
};

class GeneratedRows final : public flow::RowMaker {
 public:
  GeneratedRows(std::vector<expr::BoundRef> columns, SchemaRef schema, std::vector<bool> needed, std::uint64_t seed)
      : columns_(std::move(columns)), schema_(std::move(schema)), needed_(std::move(needed)), seed_(seed) {}

  Status make(std::int64_t first, std::int64_t count, const Tick& tick, flow::DecodeSink& out) const override {
    for (std::int64_t at = 0; at < count; at += kChunkRows) {
      make_chunk(first + at, static_cast<std::uint32_t>(std::min<std::int64_t>(kChunkRows, count - at)), tick, out);
    }
    return {};
  }

 private:
  void make_chunk(std::int64_t first, std::uint32_t count, const Tick& tick, flow::DecodeSink& out) const {
    auto row = std::make_shared<Column>(types::bigint(), count);
    std::int64_t* numbers = row->make_values<std::int64_t>(count);
    for (std::uint32_t i = 0; i < count; ++i) numbers[i] = first + i;
    const ColumnRef input_columns[] = {row};
    expr::EvalInput input;
    input.columns = input_columns;
    input.rows = count;
    input.selection = {nullptr, count};
    input.tick = &tick;
    input.seed = seed_;
    input.first_ordinal = static_cast<std::uint64_t>(first);
    expr::RowErrors errors;
    Chunk chunk;
    chunk.schema = schema_;
    chunk.rows = count;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool wanted = needed_.empty() || needed_[i] || columns_[i]->can_fail;
      chunk.columns.push_back(wanted ? expr::evaluate(*columns_[i], input, errors)
                                     : null_column(schema_->fields[i].type, count));
    }
    if (!errors.empty()) reject(first, errors, chunk, out);
    out.chunk(std::move(chunk));
  }

  void reject(std::int64_t first, const expr::RowErrors& errors, Chunk& chunk, flow::DecodeSink& out) const {
    auto kept = std::make_shared<Vec<std::uint32_t>>();
    for (std::uint32_t i = 0; i < chunk.rows; ++i) {
      if (!errors.failed(i)) kept->push_back(i);
    }
    chunk.selected = std::move(kept);
    for (const auto& error : errors.sorted())
      out.bad_record("{\"row\":" + std::to_string(first + error.row) + "}", error.message);
  }

  std::vector<expr::BoundRef> columns_;
  SchemaRef schema_;
  std::vector<bool> needed_;
  std::uint64_t seed_;
};

std::optional<specs::BoundNode> bind_generate(const GenerateConfig& config, specs::BindContext& context) {
  expr::Scope scope;
  scope.columns = {{"", "row", types::bigint(), false}};
  scope.allows_row = true;
  scope.macros = context.job().macros;
  scope.what = "a generated row";
  std::vector<Field> fields;
  std::vector<expr::BoundRef> columns;
  bool deterministic = true;
  for (const specs::NamedExpr& column : config.columns) {
    expr::BoundRef bound = context.bind(column.expr, scope);
    if (!bound) continue;
    deterministic = deterministic && bound->deterministic;
    if (!context.add_column(fields, column.name, bound->type, column.name_span)) continue;
    columns.push_back(std::move(bound));
  }
  if (context.failed()) return std::nullopt;
  const auto schema = std::make_shared<const Schema>(fields);
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.bounded = config.rows.has_value();
  bound.deterministic = deterministic;
  const std::uint64_t seed = hash_bytes(context.id());
  bound.make = [config, columns, schema, seed](const specs::MakeOptions& options) {
    specs::Made made;
    made.source = std::make_unique<Generate>(config);
    made.row_maker = std::make_shared<GeneratedRows>(columns, schema, options.needed, seed);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<GenerateConfig>> generate_options() {
  auto table = std::make_shared<specs::OptionTable<GenerateConfig>>();
  table->option("columns", &GenerateConfig::columns)
      .required()
      .doc("The columns, each an expression over `row` (from 0) and rand().")
      .example("{id: row, value: rand() * 100}");
  table->option("rate", &GenerateConfig::rate)
      .doc("Rows a second; without it as many as the job can take.")
      .example("1000/s");
  table->option("rows", &GenerateConfig::rows).at_least(0).doc("Ends after this many rows.").example("60000");
  return table;
}

}  // namespace

void register_generate(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "generate";
  info.kind = specs::NodeKind::source;
  info.group = "sources";
  info.inputs = specs::Inputs::none;
  info.summary = "Makes rows from expressions, the same in every run.";
  info.example = "readings:\n  type: generate\n  columns: {sensor: row % 10, value: rand() * 100}\n  rate: 1000/s\n";
  info.capabilities.replayable = true;
  registry.add(specs::node<GenerateConfig>(std::move(info), generate_options(), bind_generate));
}

}  // namespace sr::operators
