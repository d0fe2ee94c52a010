// inline: rows that stand in the job file, one list for each batch; then it ends. For tests, demos and constants.
//
//   orders:
//     type: inline
//     schema: {id: bigint, item: string}
//     batches:
//       - [[1, pen], {id: 2, item: ink}]
//       - []
//
// Tested in tests/jobs.
#include <fmt/format.h>

#include "engine/base/hash.h"
#include "engine/flow/position.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct InlineConfig {
  specs::SchemaOption schema;
  specs::RawOption batches;
};

using Batches = std::vector<std::vector<Chunk>>;

class Inline final : public flow::Source {
 public:
  explicit Inline(std::shared_ptr<const Batches> batches) : batches_(std::move(batches)) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    id_ = context.id;
    if (!resume_from || resume_from->empty()) return {};
    const auto batches = batches_of(*resume_from);
    if (!batches) return flow::foreign_position(id_);
    for (; next_ < *batches; ++next_) hash_ = hash_with(hash_, next_);
    return {};
  }
  Result<flow::SourceSlice> replay(const flow::Position& until) override {
    flow::SourceSlice slice;
    slice.records = 0;
    const auto end = batches_of(until);
    if (!end || *end < next_) return flow::foreign_position(id_);
    while (next_ < *end) add_next(slice);
    slice.position = until;
    return slice;
  }
  flow::Position standing() const override { return position_of(hash_, next_); }
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    slice.records = 0;
    if (next_ < batches_->size() && budget.batch != last_batch_) {
      last_batch_ = budget.batch;
      add_next(slice);
    }
    slice.more = !ended();
    slice.position = standing();
    return slice;
  }
  bool ended() const override { return stopped_ || next_ >= batches_->size(); }
  void stop() override { stopped_ = true; }
  void close() override {}

 private:
  // The number of batches that were given, and what stood in them: an edited list is another source, a longer one not.
  static flow::Position position_of(std::uint64_t hash, std::size_t batches) {
    return flow::counted_position(fmt::format("batches {:016x}", hash), static_cast<std::int64_t>(batches));
  }
  std::uint64_t hash_with(std::uint64_t hash, std::size_t batch) const {
    TextBuffer rows;
    for (const Chunk& chunk : (*batches_)[batch]) {
      for (std::uint32_t row = 0; row < chunk.rows; ++row) write_json_row(rows, chunk, row);
    }
    return combine(hash, hash_bytes(rows.view()));
  }
  // Nothing if it is not a position of these rows.
  std::optional<std::size_t> batches_of(const flow::Position& position) const {
    const auto count = flow::count_of(std::string_view(position).substr(0, position.rfind(' ')), position);
    if (!count || static_cast<std::size_t>(*count) > batches_->size()) return std::nullopt;
    const auto batches = static_cast<std::size_t>(*count);
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < batches; ++i) hash = hash_with(hash, i);
    return position_of(hash, batches) == position ? std::optional(batches) : std::nullopt;
  }

  void add_next(flow::SourceSlice& slice) {
    for (const Chunk& chunk : (*batches_)[next_]) {
      slice.pieces.emplace_back().chunk = chunk;
      slice.records += chunk.live_rows();
    }
    hash_ = hash_with(hash_, next_++);
  }

  std::shared_ptr<const Batches> batches_;
  std::string id_;
  std::size_t next_ = 0;
  std::uint64_t hash_ = 0;  // of the rows before
  std::int64_t last_batch_ = -1;
  bool stopped_ = false;
};

std::optional<specs::BoundNode> bind_inline(const InlineConfig& config, specs::BindContext& context) {
  const SchemaRef schema = config.schema.schema();
  auto batches = std::make_shared<Batches>();
  if (!config.batches.value.is_list()) {
    context.error("SR2031", context.value_span("batches"), "`batches` is a list with a list of rows for each batch",
                  "not a list");
  } else {
    for (const specs::SpecValue& list : config.batches.value.items) {
      auto rows = context.rows(list, schema);
      if (rows) batches->push_back(std::move(*rows));
    }
  }
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.bounded = true;
  bound.make = [batches](const specs::MakeOptions&) {
    specs::Made made;
    made.source = std::make_unique<Inline>(batches);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<InlineConfig>> inline_options() {
  auto table = std::make_shared<specs::OptionTable<InlineConfig>>();
  table->option("schema", &InlineConfig::schema)
      .required()
      .doc("The columns and their types.")
      .example("{id: bigint, item: string}");
  table->option("batches", &InlineConfig::batches)
      .required()
      .schema_json(R"({"type": "array", "items": {"type": "array"}})")
      .doc(
          "A list of rows for each batch; a row is a map, a list in column order, or a bare value when there is one "
          "column.")
      .example("[[[1, pen]], []]");
  return table;
}

}  // namespace

void register_inline(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "inline";
  info.kind = specs::NodeKind::source;
  info.group = "sources";
  info.inputs = specs::Inputs::none;
  info.summary = "Gives rows that stand in the job file, one list for each batch.";
  info.example =
      "orders:\n  type: inline\n  schema: {id: bigint, item: string}\n  batches:\n    - [[1, pen], [2, ink]]\n";
  info.capabilities.replayable = true;
  registry.add(specs::node<InlineConfig>(std::move(info), inline_options(), bind_inline));
}

}  // namespace sr::operators
