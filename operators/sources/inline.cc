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

  Status open(const flow::SourceContext&, const std::optional<flow::Position>& resume_from) override {
    if (resume_from && !resume_from->empty()) next_ = static_cast<std::size_t>(std::stoull(*resume_from));
    return {};
  }
  Result<flow::SourceSlice> replay(const flow::Position& until) override {
    flow::SourceSlice slice;
    slice.records = 0;
    const auto end = static_cast<std::size_t>(std::stoull(until));
    if (end < next_ || end > batches_->size())
      return Error{"the rows in the job are not those that were read before", false, "changed"};
    while (next_ < end) add_next(slice);
    slice.position = until;
    return slice;
  }
  flow::Position standing() const override { return std::to_string(next_); }
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    slice.records = 0;
    if (next_ < batches_->size() && budget.batch != last_batch_) {
      last_batch_ = budget.batch;
      add_next(slice);
    }
    slice.more = !ended();
    slice.position = std::to_string(next_);
    return slice;
  }
  bool ended() const override { return stopped_ || next_ >= batches_->size(); }
  void stop() override { stopped_ = true; }
  void close() override {}

 private:
  void add_next(flow::SourceSlice& slice) {
    for (const Chunk& chunk : (*batches_)[next_]) {
      slice.pieces.emplace_back().chunk = chunk;
      slice.records += chunk.live_rows();
    }
    ++next_;
  }

  std::shared_ptr<const Batches> batches_;
  std::size_t next_ = 0;
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
