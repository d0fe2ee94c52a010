// discard: takes every column of every row and throws it away. For measuring, and for jobs whose work is done before
// their sink.
//
//   nothing:
//     type: discard
//     input: counts
//
// Tested in tests/jobs.
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct DiscardConfig {};

class Discard final : public flow::Sink {
 public:
  Status open(const flow::SinkContext&) override { return {}; }
  std::unique_ptr<flow::Encoded> encode(const Chunk&, const Tick&) const override { return nullptr; }
  Status begin(const Tick&) override { return {}; }
  Status write(const flow::Encoded&) override { return {}; }
  Result<std::string> commit(const Tick&) override { return std::string{}; }
  void abort(const Tick&) override {}
  Status close() override { return {}; }
};

std::optional<specs::BoundNode> bind_discard(const DiscardConfig&, specs::BindContext&) {
  specs::BoundNode bound;
  bound.make = [](const specs::MakeOptions&) {
    specs::Made made;
    made.sink = std::make_unique<Discard>();
    return made;
  };
  return bound;
}

}  // namespace

void register_discard(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "discard";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Takes every column of every row and throws it away.";
  info.example = "nothing:\n  type: discard\n  input: counts\n";
  info.capabilities.idempotent = true;
  registry.add(
      specs::node<DiscardConfig>(std::move(info), std::make_shared<specs::OptionTable<DiscardConfig>>(), bind_discard));
}

}  // namespace sr::operators
