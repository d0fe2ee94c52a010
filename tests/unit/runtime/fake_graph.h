// Small operators over one bigint column, and a builder of graphs, for the tests of the runtime.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/flow/graph.h"
#include "engine/runtime/executor.h"

namespace sr::runtime::test {

inline SchemaRef number_schema() {
  static const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"n", types::bigint()}});
  return schema;
}

inline Chunk numbers(const std::vector<std::int64_t>& values) {
  ColumnBuilder builder(types::bigint());
  for (const std::int64_t value : values) builder.append_int(value);
  Chunk chunk;
  chunk.schema = number_schema();
  chunk.columns = {builder.finish()};
  chunk.rows = static_cast<std::uint32_t>(values.size());
  return chunk;
}

inline std::vector<std::int64_t> values_of(const Chunk& chunk) {
  std::vector<std::int64_t> values;
  const Reader<std::int64_t> reader(*chunk.columns[0]);
  chunk.selection().for_each([&](std::uint32_t row) { values.push_back(reader[row]); });
  return values;
}

inline std::vector<std::int64_t> values_of(const std::vector<Chunk>& chunks) {
  std::vector<std::int64_t> values;
  for (const Chunk& chunk : chunks) {
    for (const std::int64_t value : values_of(chunk)) values.push_back(value);
  }
  return values;
}

// Never polled: the tests add the input themselves.
class NoSource final : public flow::Source {
 public:
  Status open(const flow::SourceContext&, const std::optional<flow::Position>&) override { return {}; }
  Result<flow::SourceSlice> poll(const flow::Budget&) override { return flow::SourceSlice{}; }
  bool ended() const override { return false; }
  void stop() override {}
  void close() override {}
};

// One bigint a line; `bad` lines are bad records.
class LineDecoder final : public flow::Decoder {
 public:
  void decode(const flow::RawPiece& piece, flow::DecodeSink& out) const override {
    std::vector<std::int64_t> values;
    std::string_view rest = piece.bytes;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      const std::string line(rest.substr(0, end));
      if (line == "bad") {
        out.bad_record(line, "not a number");
      } else {
        values.push_back(std::stoll(line));
      }
      if (values.size() == 100) out.chunk(numbers(std::exchange(values, {})));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (!values.empty()) out.chunk(numbers(values));
  }
  SchemaRef schema() const override { return number_schema(); }
};

class LineFramer final : public flow::Framer {
 public:
  std::size_t complete(std::string_view bytes) const override {
    const std::size_t end = bytes.rfind('\n');
    return end == std::string_view::npos ? 0 : end + 1;
  }
  bool splits_at_newlines() const override { return true; }
};

// Keeps the multiples of `keep`; multiples of `fails` fail.
class Sieve final : public flow::Stateless {
 public:
  Sieve(std::int64_t keep, std::int64_t fails) : keep_(keep), fails_(fails) {}
  Status process(const Chunk& chunk, const flow::BatchContext&, flow::Emitter& out) const override {
    const Reader<std::int64_t> reader(*chunk.columns[0]);
    expr::RowErrors errors;
    chunk.selection().for_each([&](std::uint32_t row) {
      if (fails_ != 0 && reader[row] % fails_ == 0) errors.add(row, "cannot bear " + std::to_string(reader[row]));
    });
    Vec<std::uint32_t> kept;
    if (!out.drop_failed(chunk, errors, kept)) return {};
    auto selected = std::make_shared<Vec<std::uint32_t>>();
    for (const std::uint32_t row : kept) {
      if (reader[row] % keep_ == 0) selected->push_back(row);
    }
    Chunk passed = chunk;
    passed.selected = selected;
    out.emit(std::move(passed));
    return {};
  }

 private:
  std::int64_t keep_;
  std::int64_t fails_;
};

// Gathers rows and emits them again in order at the end of the batch, behind the number of batches seen so far.
class Gather final : public flow::Breaker {
 public:
  explicit Gather(bool joins = false) : joins_(joins) {}
  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override {
    return std::make_unique<flow::ChunksPartial>();
  }
  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter&) const override {
    static_cast<flow::ChunksPartial&>(partial).chunks.push_back(chunk);
    return context.watermark == context.watermark_before ? Status{}
                                                         : Status{Error{"the watermark moved during the batch"}};
  }
  bool partials_join() const override { return joins_; }
  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    watermarks.push_back(context.watermark);
    ++batches_;
    out.emit(numbers({-batches_}));
    for (flow::PlacedPartial& placed : partials) {
      for (const Chunk& chunk : static_cast<flow::ChunksPartial&>(*placed.partial).chunks) out.emit(chunk);
    }
    return {};
  }
  bool has_state() const override { return true; }
  void snapshot(std::string& out) const override { out = std::to_string(batches_); }
  Status restore(std::string_view in) override {
    batches_ = std::stoll(std::string(in));
    return {};
  }
  std::vector<std::int64_t> watermarks;

 private:
  bool joins_;
  std::int64_t batches_ = 0;
};

// Writes each batch as `time: 1 2 3` to the job's standard output.
class NumberSink final : public flow::Sink {
 public:
  Status open(const flow::SinkContext& context) override {
    out_ = context.out;
    return {};
  }
  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto piece = std::make_unique<flow::EncodedText>();
    for (const std::int64_t value : values_of(chunk)) {
      piece->text.push(' ');
      write_int(piece->text, value);
    }
    return piece;
  }
  Status begin(const Tick& tick) override {
    text_ = std::to_string(tick.time_ms) + ":";
    return {};
  }
  Status write(const flow::Encoded& encoded) override {
    text_.append(static_cast<const flow::EncodedText&>(encoded).text.view());
    return {};
  }
  Result<std::string> commit(const Tick&) override {
    SR_TRY(out_->write(text_ + "\n"));
    return std::string{};
  }
  void abort(const Tick&) override {}
  Status close() override { return {}; }

 private:
  flow::StdoutWriter* out_ = nullptr;
  std::string text_;
};

// Gives one list of rows at each poll; ends when all were given, unless it stays open.
class ListSource final : public flow::Source {
 public:
  explicit ListSource(std::vector<std::vector<std::int64_t>> lists, bool stays_open = false)
      : lists_(std::move(lists)), open_(stays_open) {}
  Status open(const flow::SourceContext&, const std::optional<flow::Position>&) override { return {}; }
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    slice.records = 0;
    if (next_ < lists_.size() && budget.batch != batch_) {
      batch_ = budget.batch;
      slice.records = static_cast<std::int64_t>(lists_[next_].size());
      slice.pieces.emplace_back().chunk = numbers(lists_[next_++]);
    }
    slice.more = next_ < lists_.size();
    slice.position = std::to_string(next_);
    return slice;
  }
  bool ended() const override { return stopped_ || (!open_ && next_ == lists_.size()); }
  void stop() override { stopped_ = true; }
  void committed(const flow::Position& position) override { last_committed = position; }
  void close() override { closed = true; }
  std::string last_committed;
  bool closed = false;

 private:
  std::vector<std::vector<std::int64_t>> lists_;
  std::size_t next_ = 0;
  std::int64_t batch_ = -1;
  bool open_;
  bool stopped_ = false;
};

class GraphBuilder {
 public:
  GraphBuilder() { graph_.job = "test"; }
  std::uint32_t source(const std::string& id) {
    flow::SourceNode node;
    node.source = std::make_unique<NoSource>();
    node.decoder = std::make_shared<LineDecoder>();
    node.framer = std::make_shared<LineFramer>();
    return add(id, {}, std::move(node), true);
  }
  std::uint32_t source(const std::string& id, std::unique_ptr<flow::Source> source) {
    flow::SourceNode node;
    node.source = std::move(source);
    return add(id, {}, std::move(node), true);
  }
  std::uint32_t sieve(const std::string& id, flow::Edge input, std::int64_t keep, std::int64_t fails = 0) {
    return add(id, {input}, std::make_unique<Sieve>(keep, fails), true);
  }
  std::uint32_t join(const std::string& id, std::vector<flow::Edge> inputs) {
    return add(id, std::move(inputs), flow::UnionNode{});
  }
  std::uint32_t gather(const std::string& id, std::vector<flow::Edge> inputs, bool joins = false) {
    return add(id, std::move(inputs), std::unique_ptr<flow::Breaker>(std::make_unique<Gather>(joins)));
  }
  std::uint32_t sink(const std::string& id, flow::Edge input) {
    flow::SinkNode node;
    node.sink = std::make_unique<NumberSink>();
    return add(id, {input}, std::move(node));
  }
  flow::Node& node(std::uint32_t index) { return graph_.nodes[index]; }
  flow::Graph take() { return std::move(graph_); }

 private:
  template <class Work>
  std::uint32_t add(const std::string& id, std::vector<flow::Edge> inputs, Work work, bool errors = false) {
    flow::Node node;
    node.id = id;
    node.inputs = std::move(inputs);
    node.ports = {""};
    node.schemas = {number_schema()};
    if (errors) {
      node.ports.push_back("errors");
      node.schemas.push_back(flow::error_port_schema());
      node.errors_port = 1;
    }
    node.work = std::move(work);
    graph_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(graph_.nodes.size() - 1);
  }
  flow::Graph graph_;
};

inline flow::SourceSlice slice_of(Chunk chunk) {
  flow::SourceSlice slice;
  slice.pieces.emplace_back().chunk = std::move(chunk);
  return slice;
}

inline flow::SourceSlice raw_slice(const std::string& text) {
  auto bytes = std::make_shared<Vec<char>>();
  bytes->append(text.data(), text.size());
  flow::SourceSlice slice;
  const std::string_view view(bytes->data(), bytes->size());
  slice.pieces.emplace_back().raw = flow::RawPiece{view, std::move(bytes), false};
  slice.bytes = static_cast<std::int64_t>(text.size());
  return slice;
}

}  // namespace sr::runtime::test
