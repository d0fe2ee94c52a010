#include "engine/runtime/harness.h"

#include "engine/base/env_virtual.h"
#include "engine/runtime/sink_commit.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kReadLimit = std::int64_t{1} << 30;
constexpr std::int64_t kLiveRecords = 100'000;  // a batch of a source that runs as itself

class TextCollector final : public flow::StdoutWriter {
 public:
  Status write(std::string_view text) override {
    all.append(text);
    return {};
  }
  std::string all;
};

class GivenDataset final : public flow::DatasetLoader {
 public:
  explicit GivenDataset(std::shared_ptr<const flow::DatasetVersion> rows) : rows_(std::move(rows)) {}
  Result<std::shared_ptr<const flow::DatasetVersion>> load(Environment&, std::int64_t) override {
    return std::exchange(rows_, nullptr);
  }

 private:
  std::shared_ptr<const flow::DatasetVersion> rows_;
};

// A node that runs a program, as a test says that it answers: the rows of its n-th batch, whatever came in.
class GivenAnswers final : public flow::Breaker {
 public:
  GivenAnswers(const std::vector<std::vector<Chunk>>& answers, std::int64_t interval_ms)
      : answers_(answers), interval_ms_(interval_ms) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override {
    return std::make_unique<flow::ChunksPartial>();
  }
  Status accumulate(flow::Partial&, const Chunk&, const flow::BatchContext&, flow::Emitter&) const override {
    return {};
  }
  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial>, flow::Emitter& out) override {
    const auto batch = static_cast<std::size_t>(context.tick.time_ms / interval_ms_ - 1);
    if (batch >= answers_.size()) return {};
    for (const Chunk& chunk : answers_[batch]) out.emit(chunk);
    return {};
  }

 private:
  const std::vector<std::vector<Chunk>>& answers_;
  std::int64_t interval_ms_;
};

// What a kill leaves behind.
struct Saved {
  std::vector<SavedState> states;
  std::map<std::string, flow::Position> positions;
};

// One life of the job: from a start to the end or a kill.
class Life {
 public:
  Life(const HarnessOptions& options, VirtualEnvironment& world, WorkerPool& pool,
       std::map<std::string, TextCollector>& texts)
      : options_(options), world_(world), pool_(pool), texts_(texts) {}

  Status start(std::int64_t epoch, const Saved& saved);
  // Runs one batch; an error or a failure ends the run.
  std::optional<Failure> run_batch(const Tick& tick, HarnessBatch& batch);
  Saved snapshot() const { return {executor_->snapshot(), positions_}; }
  void close_sinks();
  std::int64_t interval_ms() const { return graph_.interval_ms; }

 private:
  Status open_sink(const flow::Node& node, flow::SinkNode& sink, std::int64_t epoch);
  Status add_input(std::int64_t batch);

  const HarnessOptions& options_;
  VirtualEnvironment& world_;
  WorkerPool& pool_;
  std::map<std::string, TextCollector>& texts_;
  flow::Graph graph_;
  std::unique_ptr<Executor> executor_;
  std::map<std::string, flow::Position> positions_;  // of sources that run as themselves
};

Status Life::open_sink(const flow::Node& node, flow::SinkNode& sink, std::int64_t epoch) {
  flow::SinkContext context;
  context.env = &world_.environment;
  context.out = &texts_[node.id];
  context.job = graph_.job;
  context.id = node.id;
  context.epoch = epoch;
  return sink.sink->open(context);
}

Status Life::start(std::int64_t epoch, const Saved& saved) {
  auto graph = options_.make_graph();
  if (!graph.ok()) return graph.error();
  graph_ = std::move(*graph);
  for (flow::Node& node : graph_.nodes) {
    if (auto* sink = std::get_if<flow::SinkNode>(&node.work)) SR_TRY(open_sink(node, *sink, epoch));
    if (auto* source = std::get_if<flow::SourceNode>(&node.work); source && options_.live.contains(node.id)) {
      flow::SourceContext context;
      context.env = &world_.environment;
      context.id = node.id;
      context.framer = source->framer;
      context.max_record = source->max_record;
      context.wake = [] {};
      context.fail = [](const Error&) {};
      SR_TRY(source->source->open(
          context, saved.positions.contains(node.id) ? std::optional(saved.positions.at(node.id)) : std::nullopt));
    }
    if (const auto answers = options_.answers.find(node.id); answers != options_.answers.end()) {
      node.work = std::make_unique<GivenAnswers>(answers->second, graph_.interval_ms);
    }
    auto* dataset = std::get_if<flow::DatasetNode>(&node.work);
    if (dataset && options_.datasets.contains(node.id)) {
      dataset->loader = std::make_unique<GivenDataset>(options_.datasets.at(node.id));
    }
  }
  executor_ = std::make_unique<Executor>(graph_, ExecutorOptions{&pool_, options_.chunk_rows, &world_.environment});
  for (const auto& [id, port] : options_.watch) {
    const auto index = graph_.find(id);
    if (!index) return Error{"there is no node `" + id + "`"};
    executor_->watch(*index, port);
  }
  return executor_->restore(saved.states);
}

Status Life::add_input(std::int64_t batch) {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    auto* source = std::get_if<flow::SourceNode>(&graph_.nodes[i].work);
    if (!source) continue;
    flow::SourceSlice slice;
    const auto given = options_.given.find(graph_.nodes[i].id);
    if (given != options_.given.end()) {
      const auto number = static_cast<std::size_t>(batch - 1);
      if (number >= given->second.size()) continue;
      for (const Chunk& chunk : given->second[number]) slice.pieces.emplace_back().chunk = chunk;
    } else if (options_.live.contains(graph_.nodes[i].id)) {
      auto polled = source->source->poll({kLiveRecords, INT64_MAX, batch});
      if (!polled.ok()) return polled.error();
      slice = std::move(*polled);
      positions_[graph_.nodes[i].id] = slice.position;
    }
    executor_->add(i, std::move(slice));
  }
  return {};
}

std::optional<Failure> Life::run_batch(const Tick& tick, HarnessBatch& batch) {
  const auto failed = [](const Error& error, std::string node = {}) {
    return Failure{std::move(node), error.message, {}, error.code};
  };
  if (const Status begun = executor_->begin_batch(tick); !begun.ok()) return failed(begun.error());
  if (const Status added = add_input(tick.id); !added.ok()) return failed(added.error());
  BatchResult result = executor_->end_batch();
  if (result.failure) return result.failure;
  for (const SinkBatch& sink : result.sinks) {
    if (!sink.has_batch) continue;
    flow::Node& node = graph_.nodes[sink.node];
    const auto token = commit_to_sink(*std::get<flow::SinkNode>(node.work).sink, sink, tick);
    if (!token.ok()) return failed(token.error(), node.id);
  }
  batch = {tick, std::move(result.captured)};
  return std::nullopt;
}

void Life::close_sinks() {
  for (flow::Node& node : graph_.nodes) {
    if (auto* sink = std::get_if<flow::SinkNode>(&node.work)) sink->sink->close();
  }
}

void collect_files(Fs& fs, const std::string& folder, std::map<std::string, std::string>& files) {
  auto names = fs.list(folder.empty() ? "." : folder);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const std::string path = folder.empty() ? name : folder + (folder == "/" ? "" : "/") + name;
    const auto info = fs.stat(path);
    if (!info.ok()) continue;
    if (info->is_directory) {
      collect_files(fs, path, files);
    } else if (auto text = fs.read_all(path, kReadLimit); text.ok()) {
      files[path] = std::move(*text);
    }
  }
}

}  // namespace

HarnessResult run_harness(const HarnessOptions& options) {
  HarnessResult result;
  VirtualEnvironment world;
  WorkerPool pool(options.workers);
  std::map<std::string, TextCollector> texts;
  Saved saved;
  auto life = std::make_unique<Life>(options, world, pool, texts);
  const auto start = [&](std::int64_t epoch) {
    const Status started = life->start(epoch, saved);
    if (!started.ok()) result.failure = Failure{{}, started.error().message, {}, started.error().code};
    return started.ok();
  };
  bool running = start(1);
  std::int64_t previous_ms = 0;
  for (std::int64_t number = 1; running && number <= options.batches; ++number) {
    const std::int64_t time_ms = number * life->interval_ms();
    world.clock.advance_ms(time_ms - previous_ms);
    HarnessBatch batch;
    result.failure = life->run_batch({number, time_ms, previous_ms, false}, batch);
    if (result.failure) break;
    result.batches.push_back(std::move(batch));
    previous_ms = time_ms;
    if (!options.restart_after.contains(number)) continue;
    saved = life->snapshot();
    life = std::make_unique<Life>(options, world, pool, texts);
    running = start(number + 1);
  }
  if (!result.failure) life->close_sinks();
  for (auto& [id, text] : texts) result.texts[id] = std::move(text.all);
  collect_files(world.fs, "", result.files);
  return result;
}

}  // namespace sr::runtime
