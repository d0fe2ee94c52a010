// limit: passes the first n rows of each batch on.
//
//   sample: {type: limit, input: lines, n: 5}
//
// Tested in tests/jobs/limit.yaml.
#include <algorithm>

#include "specs/registry.h"

namespace sr::operators {
namespace {

struct LimitConfig {
  std::int64_t n = 0;
};

// Keeps at most n rows of a morsel: more can never be needed.
class FirstRows final : public flow::Partial {
 public:
  std::vector<Chunk> chunks;
  std::uint64_t rows = 0;
};

Chunk first_rows(const Chunk& chunk, std::uint32_t count) {
  if (count >= chunk.live_rows()) return chunk;
  Chunk part = chunk;
  auto selected = std::make_shared<Vec<std::uint32_t>>();
  const Selection selection = chunk.selection();
  for (std::uint32_t i = 0; i < count; ++i) selected->push_back(selection[i]);
  part.selected = std::move(selected);
  return part;
}

class Limit final : public flow::Breaker {
 public:
  explicit Limit(std::uint64_t n) : n_(n) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override { return std::make_unique<FirstRows>(); }
  bool partials_join() const override { return true; }

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext&,
                    flow::Emitter&) const override {
    auto& first = static_cast<FirstRows&>(partial);
    if (first.rows >= n_ || chunk.live_rows() == 0) return {};
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(n_ - first.rows, chunk.live_rows()));
    first.chunks.push_back(first_rows(chunk, count));
    first.rows += count;
    return {};
  }

  Status end_batch(const flow::BatchContext&, std::span<flow::PlacedPartial> partials, flow::Emitter& out) override {
    std::uint64_t left = n_;
    for (flow::PlacedPartial& placed : partials) {
      for (Chunk& chunk : static_cast<FirstRows&>(*placed.partial).chunks) {
        if (left == 0) return {};
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, chunk.live_rows()));
        out.emit(first_rows(chunk, count));
        left -= count;
      }
    }
    return {};
  }

 private:
  std::uint64_t n_;
};

std::optional<specs::BoundNode> bind_limit(const LimitConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.reads = [](std::uint32_t, const std::set<std::uint32_t>& output) { return output; };
  bound.make = [n = static_cast<std::uint64_t>(config.n)](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Limit>(n);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<LimitConfig>> limit_options() {
  auto table = std::make_shared<specs::OptionTable<LimitConfig>>();
  table->option("n", &LimitConfig::n).required().at_least(0).doc("How many rows of a batch pass.").example("5");
  return table;
}

}  // namespace

void register_limit(specs::Registry& registry) {
  registry.add(specs::node<LimitConfig>({.name = "limit",
                                         .group = "transforms",
                                         .summary = "Passes the first n rows of each batch on.",
                                         .example = "sample: {type: limit, input: lines, n: 5}\n"},
                                        limit_options(), bind_limit));
}

}  // namespace sr::operators
