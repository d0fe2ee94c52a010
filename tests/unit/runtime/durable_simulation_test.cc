// The protocol of a durable job on a disk and a network that fail: the real executor, batch log, journal, snapshots,
// input log and socket source, on one thread, a virtual disk and a virtual loop. Histories are made from seeds; before
// any operation of the disk the power is cut, the process killed, or the operation fails; connections bring pieces of
// lines and break; what a sink was told, or what it answered, is lost on the way. Whatever happens, every row that was
// promised comes once, no connection has a gap, and the state adds up.
// A seed that fails prints itself. STREAMRUN_SEEDS=first:count runs others; the suites simulation_… run thousands.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "durable_simulation.h"
#include "engine/base/env_virtual.h"
#include "engine/runtime/recovery.h"
#include "engine/runtime/source_context.h"
#include "operators/catalogue.h"
#include "simulated_network.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

constexpr std::int64_t kIntervalMs = 1000;

const char* const kHead = R"(version: 1
name: simulated
batch: {interval: 1s}
checkpoint: {dir: state}
wal: {dir: wal}
sources:
  disk: {type: file, path: in.txt, follow: true, format: json, schema: {id: bigint, k: string}}
  wire: {type: socket, WIRE, format: json, schema: {id: bigint, k: string}, on_error: skip}
sinks:
  rows: {type: discard, input: [disk, wire]}
  sums: {type: discard, input: total}
  others: {type: discard, input: other}
transforms:
  total:
    type: update_state_by_key
    input: [disk, wire]
    key: k
    state: {n: bigint}
    init: {n: 0}
    update: {n: state.n + count(*)}
    emit: changed
)";

const char* const kOthers[] = {
    "  other: {type: reduce_by_key, input: [disk, wire], key: k, aggregate: {n: count(*), last: max(id)}, window: "
    "{size: 3s}}\n",
    "  other: {type: deduplicate, input: [disk, wire], key: k, within: 2s}\n",
    "  other:\n    type: join\n    how: inner\n    key: k\n    input:\n      left: {from: disk, window: {size: 2s}}\n  "
    "    right: "
    "{from: "
    "wire, window: {size: 3s}}\n    select: {k: k, l: left.id, r: right.id}\n",
    "  other:\n    type: map_with_state\n    input: [disk, wire]\n    key: k\n    state: {n: bigint}\n    init: {n: "
    "0}\n"
    "    update: {n: state.n + 1}\n    emit: {k: k, n: state.n, id: id}\n    timeout: 2s\n",
};

// The source `wire` connects, or waits for peers.
const char* const kWires[] = {"host: server, port: 9", "host: 127.0.0.1, port: 9, listen: true"};

// The jobs, compiled once.
class Jobs {
 public:
  Jobs() {
    operators::register_all(registry_);
    for (std::size_t job = 0; job < std::size(kOthers) * std::size(kWires); ++job) {
      specs::CompileInput input;
      input.path = "job.yaml";
      input.text = kHead + std::string(kOthers[job / std::size(kWires)]);
      input.text.replace(input.text.find("WIRE"), 4, kWires[job % std::size(kWires)]);
      jobs_.push_back(specs::compile(input, registry_, sources_, diagnostics_));
      for (const Diagnostic& finding : diagnostics_.items()) UNSCOPED_INFO(finding.message);
      REQUIRE(jobs_.back()->sound);
    }
  }
  std::size_t size() const { return jobs_.size(); }
  flow::Graph make(std::size_t job) const { return specs::instantiate(*jobs_[job]->bound, registry_); }

 private:
  specs::Registry registry_;
  SourceMap sources_;
  Diagnostics diagnostics_;
  std::vector<std::unique_ptr<specs::CompiledJob>> jobs_;
};

// What a life leaves out of the part that a job has in the protocol: the histories must notice. What the log and the
// recovery may leave out stands in engine/base/failpoint.h.
enum class Mutation : std::uint8_t {
  none,
  plan_without_input,  // a plan does not say how far its input goes
  old_standings,       // a snapshot says that the sources stand where the batch began
};

// Holds each batch once, at the other end of a network that loses what it is told, and what it answers.
class OutsideSink final : public flow::Sink {
 public:
  OutsideSink(SimulatedWorld& outside, std::string id) : outside_(outside), id_(std::move(id)) {}
  Status open(const flow::SinkContext&) override { return {}; }
  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto piece = std::make_unique<flow::EncodedText>();
    chunk.selection().for_each([&](std::uint32_t row) {
      write_json_row(piece->text, chunk, row);
      piece->text.push('\n');
    });
    return piece;
  }
  Status begin(const Tick&) override {
    text_.clear();
    return {};
  }
  Status write(const flow::Encoded& encoded) override {
    text_ += static_cast<const flow::EncodedText&>(encoded).text.view();
    return {};
  }
  Result<std::string> commit(const Tick& tick) override {
    SR_TRY(outside_.network.way("the request is lost"));
    auto& batches = outside_.sinks[id_];
    const auto held = batches.find(tick.id);
    if (held != batches.end() && held->second != text_)
      return Error{"sink " + id_ + " got other rows for batch " + std::to_string(tick.id), false, "other rows"};
    if (!text_.empty()) batches[tick.id] = text_;
    SR_TRY(outside_.network.way("the answer is lost"));
    return std::to_string(tick.id);
  }
  void abort(const Tick&) override {}
  Status close() override { return {}; }

 private:
  SimulatedWorld& outside_;
  std::string id_;
  std::string text_;
};

struct Disk {
  explicit Disk(SimulatedWorld& outside)
      : fs(outside.world.clock), env{&outside.world.clock, &fs, &outside.world.random} {}
  VirtualFs fs;
  Environment env;
};

// One life of the job, on one thread.
class Life {
 public:
  Life(const Jobs& jobs, std::size_t job, SimulatedWorld& outside, Disk& disk, Mutation mutation = Mutation::none)
      : outside_(outside),
        disk_(disk),
        mutation_(mutation),
        loop_(outside.world.clock),
        graph_(jobs.make(job)),
        executor_(graph_, {nullptr, kChunkRows, &outside.world.environment, {}, true}),
        sinks_(graph_, outside.world.environment, nullptr,
               {false, true, [this](std::int64_t ms) { return pass(ms); }}) {
    outside.network.plan(loop_);
  }

  Status start() {
    CheckpointOptions options;
    options.dir = "state";
    options.interval_ms = 2 * kIntervalMs;
    options.fingerprint = options.spec_text = "job";
    options.wal_dir = "wal";
    options.wal_segment_bytes = 4096;
    options.cannot_replay = {"wire"};
    auto opened = Checkpoint::open(options, {&disk_.env, nullptr, false, {}}, "simulated");
    if (!opened.ok()) return opened.error();
    checkpoint_ = std::move(*opened);
    for (flow::Node& node : graph_.nodes) {
      if (auto* sink = std::get_if<flow::SinkNode>(&node.work))
        sink->sink = std::make_unique<OutsideSink>(outside_, node.id);
    }
    checkpoint_->wrap_sources(graph_, true);
    SR_TRY(checkpoint_->begin());
    DurableLogOptions log;
    log.env = &disk_.env;
    log.graph = &graph_;
    log.interval_ms = options.interval_ms;
    log.background = false;
    log_ = std::make_unique<DurableLog>(checkpoint_->store(), checkpoint_->input(), std::move(log));
    RecoveryOptions recovering;
    recovering.env = &outside_.world.environment;
    Recovery recovery(*checkpoint_, std::move(recovering));
    std::map<std::string, flow::Position> standings;
    SR_TRY(recovery.restore(graph_, executor_, standings));
    for (flow::Node& node : graph_.nodes) {
      if (auto* source = std::get_if<flow::SourceNode>(&node.work)) SR_TRY(open_source(node, *source, standings));
    }
    auto resumed = recovery.replay(graph_, executor_, sinks_);
    if (!resumed.ok()) return resumed.error();
    log_->begin_after(resumed->last, std::move(resumed->sinks), resumed->ran);
    tick_ = resumed->last;
    return {};
  }

  Status run_batch() {
    outside_.network.call(loop_);
    pass(kIntervalMs);
    tick_ = {tick_.id + 1, std::max(outside_.world.clock.wall_ms(), tick_.time_ms + kIntervalMs), tick_.time_ms, false};
    BatchCut cut;
    cut.plan.tick = tick_;
    SR_TRY(executor_.begin_batch(tick_));
    const std::map<std::string, flow::Position> before = standings();
    std::set<std::int64_t> ids;
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      auto* source = std::get_if<flow::SourceNode>(&graph_.nodes[i].work);
      if (!source) continue;
      auto polled = source->source->poll({INT64_MAX, INT64_MAX, tick_.id});
      if (!polled.ok()) return polled.error();
      cut.has_input |= !polled->pieces.empty();
      cut.plan.positions[graph_.nodes[i].id] = polled->position;
      for (const flow::InputPiece& piece : polled->pieces) ids.merge(ids_in(piece.raw->bytes));
      executor_.add(i, std::move(*polled));
    }
    if (log_->wants_standings(cut.has_input))
      cut.standings = mutation_ == Mutation::old_standings ? before : standings();
    if (mutation_ == Mutation::plan_without_input) cut.plan.positions.clear();
    SR_TRY(log_->plan(std::move(cut)));
    BatchResult result = executor_.end_batch();
    if (result.failure) return Error{result.failure->to_text()};
    SR_TRY(log_->executed(result, executor_, 0));
    SR_TRY(log_->await_plan(tick_));
    outside_.promised.insert(ids.begin(), ids.end());
    BatchCommit done{tick_, {}, checksums_of(graph_, result)};
    std::uint64_t dropped = 0;
    if (const auto failure = sinks_.commit(result, done, dropped)) return Error{failure->to_text()};
    return log_->commit(done);
  }

  Status finish() { return log_->finish(executor_, standings()); }
  std::vector<SavedState> state() const { return executor_.snapshot(); }

 private:
  // Lets time pass, and with it what the network brings.
  bool pass(std::int64_t ms) {
    loop_.run_until(outside_.world.clock.monotonic_us() + ms * 1000);
    return true;
  }
  Status open_source(const flow::Node& node, flow::SourceNode& source,
                     const std::map<std::string, flow::Position>& standings) {
    flow::SourceContext context = source_context(node, outside_.world.environment, nullptr);
    if (node.id == "wire") context.loop = &loop_;  // the file is looked at in each batch
    return source.source->open(context, stood_at(standings, node.id));
  }
  std::map<std::string, flow::Position> standings() const {
    std::map<std::string, flow::Position> all;
    for (const flow::Node& node : graph_.nodes) {
      if (const auto* source = std::get_if<flow::SourceNode>(&node.work)) all[node.id] = source->source->standing();
    }
    return all;
  }

  SimulatedWorld& outside_;
  Disk& disk_;
  Mutation mutation_;
  VirtualLoop loop_;
  flow::Graph graph_;
  Executor executor_;
  SinkCommits sinks_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<DurableLog> log_;
  Tick tick_;
};

void bring_input(SimulatedWorld& outside) {
  const std::string text = outside.network.some_rows(3);
  auto file = outside.world.fs.open("in.txt", OpenMode::append);
  REQUIRE(file.ok());
  REQUIRE((*file)->write(text).ok());
  outside.promised.merge(ids_in(text));  // a file can be read again
}

// Errors that a life may end with when nothing but the disk is to blame.
bool is_of_the_disk(const Error& error) {
  return error.code == "EIO" || error.code == "ENOSPC";
}

// Every promised row once; totals that add up.
std::string wrong_with(const SimulatedWorld& outside) {
  std::map<std::int64_t, int> times;
  std::map<std::string, std::int64_t> counts, totals;
  const auto each = [&](const std::string& sink, const std::function<void(const nlohmann::json&)>& row) {
    const auto found = outside.sinks.find(sink);
    if (found == outside.sinks.end()) return;
    for (const auto& [batch, text] : found->second) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        row(nlohmann::json::parse(text.substr(at, end - at)));
        at = end + 1;
      }
    }
  };
  each("rows", [&](const nlohmann::json& row) {
    ++times[row["id"].get<std::int64_t>()];
    ++counts[row["k"].get<std::string>()];
  });
  each("sums", [&](const nlohmann::json& row) { totals[row["k"].get<std::string>()] = row["n"].get<std::int64_t>(); });
  for (const auto& [id, count] : times) {
    if (count != 1) return "row " + std::to_string(id) + " came " + std::to_string(count) + " times";
  }
  for (const std::int64_t id : outside.promised) {
    if (!times.contains(id)) return "row " + std::to_string(id) + " is lost";
  }
  const std::string gap = outside.network.gap([&](std::int64_t id) { return times.contains(id); });
  if (!gap.empty()) return gap;
  return counts == totals ? "" : "the state does not add up";
}

// One history. Gives what went wrong; empty: nothing.
std::string run_history(const Jobs& jobs, std::uint64_t seed, Mutation mutation = Mutation::none) {
  SeededRandom dice(seed * 0x9e3779b97f4a7c15);
  SimulatedWorld outside(seed);
  Disk disk(outside);
  const std::size_t job = dice.below(jobs.size());
  const auto lives = 1 + dice.below(4);
  for (std::uint64_t number = 0; number <= lives; ++number) {
    const bool last = number == lives;
    auto life = std::make_unique<Life>(jobs, job, outside, disk, mutation);
    constexpr FsInjection kFaults[] = {FsInjection::power_cut, FsInjection::power_cut, FsInjection::io_error,
                                       FsInjection::no_space};
    const FsInjection fault = kFaults[dice.below(4)];
    const std::uint64_t at = disk.fs.operations() + 1 + dice.below(dice.below(2) ? 40 : 400);
    if (!last) disk.fs.inject([=](const FsOperation& one) { return one.number == at ? fault : FsInjection::none; });
    Status status = life->start();
    const auto batches = dice.below(6) + (last ? 1 : 0);
    for (std::uint64_t batch = 0; status.ok() && batch < batches; ++batch) {
      bring_input(outside);
      status = life->run_batch();
    }
    const bool clean = status.ok() && (last || dice.below(3) == 0);
    if (clean) status = life->finish();
    const bool blame = status.ok() || is_of_the_disk(status.error());
    if (!blame || (last && !status.ok())) return "life " + std::to_string(number) + ": " + status.error().message;
    if (!last) {
      life.reset();
      disk.fs.inject({});
      disk.fs.crash(static_cast<CrashMode>(dice.below(3)), dice);
      continue;
    }
    const std::vector<SavedState> before = life->state();
    life.reset();
    Life again(jobs, job, outside, disk);
    if (const Status opened = again.start(); !opened.ok()) return "after a clean stop: " + opened.error().message;
    const std::vector<SavedState> after = again.state();
    if (!std::equal(before.begin(), before.end(), after.begin(), after.end(),
                    [](const SavedState& a, const SavedState& b) { return a.node == b.node && a.bytes == b.bytes; }))
      return "a clean stop has not kept the state";
  }
  return wrong_with(outside);
}

}  // namespace

std::string sr::runtime::test::simulate_durable_job(std::uint64_t seed) {
  static const Jobs jobs;
  return run_history(jobs, seed);
}

TEST_CASE("a durable job survives whatever its disk and its network do") {
  // Virtual disks come and go: their memory need not go back to the system each time.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  const Jobs jobs;
  std::uint64_t first = 1, count = 500;
  if (const char* seeds = std::getenv("STREAMRUN_SEEDS")) {
    char* end = nullptr;
    first = std::strtoull(seeds, &end, 10);
    count = *end == ':' ? std::strtoull(end + 1, nullptr, 10) : 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string wrong = run_history(jobs, seed);
    if (!wrong.empty()) FAIL("seed " << seed << ": " << wrong);
  }
}

TEST_CASE("histories of a protocol that leaves something out are noticed") {
  const Jobs jobs;
  const auto is_noticed = [&](Mutation mutation) {
    for (std::uint64_t seed = 1; seed < 2000; ++seed) {
      if (!run_history(jobs, seed, mutation).empty()) return true;
    }
    return false;
  };
  CHECK(is_noticed(Mutation::plan_without_input));
  CHECK(is_noticed(Mutation::old_standings));
}
