#include "engine/runtime/harness.h"

#include "engine/base/env_virtual.h"
#include "engine/runtime/recovery.h"
#include "engine/runtime/sink_commit.h"
#include "engine/runtime/source_context.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kReadLimit = std::int64_t{1} << 30;
constexpr std::int64_t kLiveRecords = 100'000;  // a batch of a source that runs as itself
constexpr std::int64_t kSnapshotBatches = 3;    // batches between two snapshots: recoveries restore and replay

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

// Stands for a sink that reaches outside of the virtual world: what it is handed is captured, and goes nowhere.
class Unreached final : public flow::Sink {
 public:
  Status open(const flow::SinkContext&) override { return {}; }
  std::unique_ptr<flow::Encoded> encode(const Chunk&, const Tick&) const override {
    return std::make_unique<flow::EncodedText>();
  }
  Status begin(const Tick&) override { return {}; }
  Status write(const flow::Encoded&) override { return {}; }
  Result<std::string> commit(const Tick&) override { return std::string{}; }
  void abort(const Tick&) override {}
  Status close() override { return {}; }
};

// Gives a list of rows in each batch.
class GivenSource final : public flow::Source {
 public:
  explicit GivenSource(const std::vector<std::vector<Chunk>>* lists) : lists_(lists) {}
  Status open(const flow::SourceContext&, const std::optional<flow::Position>&) override { return {}; }
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override { return list(budget.batch); }
  Result<flow::SourceSlice> replay(const flow::Position& until) override { return list(std::stoll(until)); }
  bool ended() const override { return false; }
  void stop() override {}
  void close() override {}

 private:
  flow::SourceSlice list(std::int64_t batch) const {
    flow::SourceSlice slice;
    slice.position = std::to_string(batch);
    const auto number = static_cast<std::size_t>(batch - 1);
    if (!lists_ || number >= lists_->size()) return slice;
    for (const Chunk& chunk : (*lists_)[number]) slice.pieces.emplace_back().chunk = chunk;
    return slice;
  }
  const std::vector<std::vector<Chunk>>* lists_;
};

// The world that a job's lives have in common.
struct World {
  explicit World(unsigned workers) : pool(workers), disk(outside.clock) {
    durable = Environment{&outside.clock, &disk, &outside.random};
  }
  VirtualEnvironment outside;
  WorkerPool pool;
  VirtualFs disk;  // of the checkpoint folder: no test sees it
  Environment durable;
  std::map<std::string, TextCollector> texts;
};

// One life of the job: from a start to the end or a kill. It goes on where the life before was killed, by the protocol
// of a real job.
class Life {
 public:
  Life(const HarnessOptions& options, World& world) : options_(options), world_(world) {}

  std::optional<Failure> start();
  // Runs one batch; a failure ends the run.
  std::optional<Failure> run_batch(const Tick& tick, HarnessBatch& batch);
  Status close_sinks() { return runtime::close_sinks(graph_); }
  std::int64_t interval_ms() const { return graph_.interval_ms; }

 private:
  Status prepare();
  Status open_checkpoint();
  Status open_sink(flow::Node& node);
  Status open_sources(const std::map<std::string, flow::Position>& standings);
  Status recover(Recovery& recovery);
  Status add_input(BatchCut& cut);
  std::map<std::string, flow::Position> standings() const;

  const HarnessOptions& options_;
  World& world_;
  flow::Graph graph_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<DurableLog> log_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<SinkCommits> sinks_;
};

std::optional<Failure> failed(const Status& status) {
  if (status.ok()) return std::nullopt;
  return Failure{{}, status.error().message, {}, status.error().code};
}

Status Life::open_sink(flow::Node& node) {
  flow::SinkContext context;
  context.env = &world_.outside.environment;
  context.out = &world_.texts[node.id];
  context.job = graph_.job;
  context.id = node.id;
  checkpoint_->fill(context);
  return std::get<flow::SinkNode>(node.work).sink->open(context);
}

// Makes the graph, with what the test gives in place of its sources and datasets.
Status Life::prepare() {
  auto graph = options_.make_graph();
  if (!graph.ok()) return graph.error();
  graph_ = std::move(*graph);
  for (flow::Node& node : graph_.nodes) {
    if (auto* sink = std::get_if<flow::SinkNode>(&node.work); sink && sink->sink->reaches_outside())
      sink->sink = std::make_unique<Unreached>();
    if (auto* source = std::get_if<flow::SourceNode>(&node.work); source && !options_.live.contains(node.id)) {
      const auto given = options_.given.find(node.id);
      source->source = std::make_unique<GivenSource>(given == options_.given.end() ? nullptr : &given->second);
    }
    if (const auto answers = options_.answers.find(node.id); answers != options_.answers.end()) {
      node.work = std::make_unique<GivenAnswers>(answers->second, graph_.interval_ms);
    }
    auto* dataset = std::get_if<flow::DatasetNode>(&node.work);
    if (dataset && options_.datasets.contains(node.id))
      dataset->loader = std::make_unique<GivenDataset>(options_.datasets.at(node.id));
  }
  executor_ = std::make_unique<Executor>(
      graph_, ExecutorOptions{&world_.pool, options_.chunk_rows, &world_.outside.environment, {}, true});
  sinks_ = std::make_unique<SinkCommits>(graph_, world_.outside.environment, nullptr, SinkCommitsOptions{});
  for (const auto& [id, port] : options_.watch) {
    const auto index = graph_.find(id);
    if (!index) return Error{"there is no node `" + id + "`"};
    executor_->watch(*index, port);
  }
  return {};
}

Status Life::open_checkpoint() {
  CheckpointOptions options;
  options.dir = "checkpoint";
  options.interval_ms = kSnapshotBatches * graph_.interval_ms;
  options.fingerprint = "test";
  auto opened = Checkpoint::open(options, {&world_.durable, nullptr, false, {}}, graph_.job);
  if (!opened.ok()) return opened.error();
  checkpoint_ = std::move(*opened);
  SR_TRY(checkpoint_->begin());
  DurableLogOptions log;
  log.env = &world_.durable;
  log.graph = &graph_;
  log.interval_ms = options.interval_ms;
  log.background = false;
  log_ = std::make_unique<DurableLog>(checkpoint_->store(), nullptr, std::move(log));
  return {};
}

Status Life::open_sources(const std::map<std::string, flow::Position>& standings) {
  for (flow::Node& node : graph_.nodes) {
    auto* source = std::get_if<flow::SourceNode>(&node.work);
    if (!source) continue;
    SR_TRY(
        source->source->open(source_context(node, world_.outside.environment, nullptr), stood_at(standings, node.id)));
  }
  return {};
}

Status Life::recover(Recovery& recovery) {
  std::map<std::string, flow::Position> standings;
  SR_TRY(recovery.restore(graph_, *executor_, standings));
  for (flow::Node& node : graph_.nodes) {
    if (std::holds_alternative<flow::SinkNode>(node.work)) SR_TRY(open_sink(node));
  }
  SR_TRY(open_sources(standings));
  auto resumed = recovery.replay(graph_, *executor_, *sinks_);
  if (!resumed.ok()) return resumed.error();
  log_->begin_after(resumed->last, std::move(resumed->sinks), resumed->ran);
  return {};
}

std::optional<Failure> Life::start() {
  if (auto failure = failed(prepare())) return failure;
  if (auto failure = failed(open_checkpoint())) return failure;
  RecoveryOptions options;
  options.env = &world_.outside.environment;
  Recovery recovery(*checkpoint_, std::move(options));
  const Status recovered = recover(recovery);
  return recovered.ok() || !recovery.failure() ? failed(recovered) : recovery.failure();
}

std::map<std::string, flow::Position> Life::standings() const {
  std::map<std::string, flow::Position> standings;
  for (const flow::Node& node : graph_.nodes) {
    if (const auto* source = std::get_if<flow::SourceNode>(&node.work)) standings[node.id] = source->source->standing();
  }
  return standings;
}

Status Life::add_input(BatchCut& cut) {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    auto* source = std::get_if<flow::SourceNode>(&graph_.nodes[i].work);
    if (!source) continue;
    auto polled = source->source->poll({kLiveRecords, INT64_MAX, cut.plan.tick.id});
    if (!polled.ok()) return polled.error();
    cut.has_input |= !polled->pieces.empty();
    cut.plan.positions[graph_.nodes[i].id] = polled->position;
    executor_->add(i, std::move(*polled));
  }
  if (log_->wants_standings(cut.has_input)) cut.standings = standings();
  return {};
}

std::optional<Failure> Life::run_batch(const Tick& tick, HarnessBatch& batch) {
  BatchCut cut;
  cut.plan.tick = tick;
  if (auto failure = failed(executor_->begin_batch(tick))) return failure;
  if (auto failure = failed(add_input(cut))) return failure;
  if (auto failure = failed(log_->plan(std::move(cut)))) return failure;
  BatchResult result = executor_->end_batch();
  if (result.failure) return result.failure;
  if (auto failure = failed(log_->executed(result, *executor_, 0))) return failure;
  BatchCommit done{tick, {}, checksums_of(graph_, result)};
  if (auto failure = failed(log_->await_plan(tick))) return failure;
  std::uint64_t dropped = 0;
  if (auto failure = sinks_->commit(result, done, dropped)) return failure;
  if (auto failure = failed(log_->commit(done))) return failure;
  batch = {tick, std::move(result.captured)};
  return std::nullopt;
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
  World world(options.workers);
  auto life = std::make_unique<Life>(options, world);
  result.failure = life->start();
  std::int64_t previous_ms = 0;
  for (std::int64_t number = 1; !result.failure && number <= options.batches; ++number) {
    const std::int64_t time_ms = number * life->interval_ms();
    world.outside.clock.advance_ms(time_ms - previous_ms);
    HarnessBatch batch;
    result.failure = life->run_batch({number, time_ms, previous_ms, false}, batch);
    if (result.failure) break;
    result.batches.push_back(std::move(batch));
    previous_ms = time_ms;
    if (!options.restart_after.contains(number)) continue;
    life.reset();
    world.disk.crash(CrashMode::keep_all, world.outside.random);
    life = std::make_unique<Life>(options, world);
    result.failure = life->start();
  }
  if (!result.failure) {
    const Status closed = life->close_sinks();
    if (!closed.ok()) result.failure = Failure{{}, closed.error().message, {}, closed.error().code};
  }
  for (auto& [id, text] : world.texts) result.texts[id] = std::move(text.all);
  collect_files(world.outside.fs, "", result.files);
  return result;
}

}  // namespace sr::runtime
