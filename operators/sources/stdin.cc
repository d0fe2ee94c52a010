// stdin: the standard input of the command, to its end.
//
//   lines:
//     type: stdin
//     format: json
//
// Tested in tests/jobs and by the samples.
#include "operators/support/record_stream.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct StdinConfig {};

class Stdin final : public flow::Source, private StreamHandler {
 public:
  Status open(const flow::SourceContext& context, const std::optional<flow::Position>&) override {
    context_ = context;
    records_ = std::make_unique<RecordStream>(*context.framer, context.max_record, pool_);
    auto stream = context.loop->read_stdin(*this);
    if (!stream.ok()) return stream.error();
    stream_ = std::move(*stream);
    return {};
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    slice.more = records_->take(left, slice);
    return slice;
  }

  bool ended() const override { return records_->exhausted(); }
  std::int64_t queued_bytes() const override { return records_->queued_bytes(); }
  void pause() override {
    if (stream_) stream_->pause();
  }
  void resume() override {
    if (stream_) stream_->resume();
  }
  void stop() override {
    stream_.reset();
    records_->end();
  }
  void close() override { stream_.reset(); }

 private:
  WriteSpace on_alloc() override { return records_->room(); }
  void on_data(std::size_t size) override {
    records_->filled(size, context_.env->clock->monotonic_us());
    context_.wake();
  }
  void on_end() override {
    records_->end();
    context_.wake();
  }
  void on_error(const Error& error) override { context_.fail(error); }

  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::unique_ptr<RecordStream> records_;
  std::unique_ptr<ReadStream> stream_;
};

std::optional<specs::BoundNode> bind_stdin(const StdinConfig&, specs::BindContext& context) {
  const SchemaRef schema = context.source_schema();
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.bounded = true;
  bound.reads_stdin = true;
  bound.make = [](const specs::MakeOptions&) {
    specs::Made made;
    made.source = std::make_unique<Stdin>();
    return made;
  };
  return bound;
}

}  // namespace

void register_stdin(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "stdin";
  info.kind = specs::NodeKind::source;
  info.group = "sources";
  info.inputs = specs::Inputs::none;
  info.summary = "Reads the standard input of the command to its end.";
  info.example = "lines:\n  type: stdin\n  format: json\n";
  info.takes_format = true;
  registry.add(
      specs::node<StdinConfig>(std::move(info), std::make_shared<specs::OptionTable<StdinConfig>>(), bind_stdin));
}

}  // namespace sr::operators
