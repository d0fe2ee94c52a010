// One run of a durable job, step by step, on a virtual disk: for tests that end it between two chosen steps. The
// histories of durable_simulation_test.cc end it anywhere.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>

#include "engine/base/env_virtual.h"
#include "engine/loop/program.h"
#include "engine/runtime/recovery.h"
#include "engine/runtime/source_context.h"
#include "operators/catalogue.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

namespace sr::runtime::test {

// What no crash of the job touches: its input, the program that it asks, what its sink holds. The checkpoint folder
// and the input log lie on a disk of their own.
struct Outside {
  Outside() : disk(world.clock), env{&world.clock, &disk, &world.random} {}
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  void write(const std::string& path, const std::string& text, OpenMode mode = OpenMode::truncate) {
    REQUIRE((*world.fs.open(path, mode))->write(text).ok());
  }

  VirtualEnvironment world;
  VirtualFs disk;
  Environment env;
  std::map<std::int64_t, std::string> held;  // by batch: the rows of the sink `out`
  bool sink_fails = false;
  std::string sent;  // to the source `wire`, which gives it once
  int asked = 0;     // times that the program was asked
};

class Wire final : public flow::Source {
 public:
  explicit Wire(Outside& outside) : outside_(outside) {}
  Status open(const flow::SourceContext&, const std::optional<flow::Position>&) override { return {}; }
  Result<flow::SourceSlice> poll(const flow::Budget&) override {
    flow::SourceSlice slice;
    if (outside_.sent.empty()) return slice;
    const auto bytes = std::make_shared<std::string>(std::exchange(outside_.sent, {}));
    const std::size_t size = bytes->size();
    bytes->append(kReadablePadding, '\0');
    slice.pieces.emplace_back().raw = flow::RawPiece{std::string_view(bytes->data(), size), bytes, true};
    return slice;
  }
  bool ended() const override { return false; }
  void stop() override {}
  void close() override {}

 private:
  Outside& outside_;
};

// Holds each batch once.
class HoldingSink final : public flow::Sink {
 public:
  explicit HoldingSink(Outside& outside) : outside_(outside) {}
  Status open(const flow::SinkContext&) override { return {}; }
  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto piece = std::make_unique<flow::EncodedText>();
    chunk.selection().for_each([&](std::uint32_t row) { write_json_row(piece->text, chunk, row); });
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
    if (outside_.sink_fails) return Error{"the sink is away", false, "away"};
    const auto [held, fresh] = outside_.held.try_emplace(tick.id, text_);
    if (!fresh && held->second != text_) return Error{"the sink got other rows for a batch", false, "other rows"};
    return std::to_string(tick.id);
  }
  void abort(const Tick&) override {}
  Status close() override { return {}; }

 private:
  Outside& outside_;
  std::string text_;
};

// Answers each call with a row that tells how often it was asked.
class CountingPrograms final : public Programs {
 public:
  explicit CountingPrograms(Outside& outside) : outside_(outside) {}
  Result<std::unique_ptr<Program>> start(const std::vector<std::string>&,
                                         std::function<void(std::string_view)>) override {
    return std::unique_ptr<Program>(std::make_unique<Counting>(outside_));
  }
  bool wait(std::int64_t) override { return false; }
  void stop() override {}

 private:
  struct Counting final : Program {
    explicit Counting(Outside& one) : outside(one) {}
    Result<std::string> call(std::string_view, const ProgramCall&) override {
      return "{\"n\":" + std::to_string(++outside.asked) + "}\n";
    }
    Outside& outside;
  };
  Outside& outside_;
};

class Run {
 public:
  static constexpr std::int64_t kIntervalMs = 1000;

  // The text stands for its fingerprint.
  Run(Outside& outside, const std::string& text) : outside_(outside), programs_(outside), text_(text) {
    operators::register_all(registry_);
    graph_ = make(text);
    ExecutorOptions options;
    options.env = &outside.world.environment;
    options.services.programs = &programs_;
    options.digests = true;
    executor_ = std::make_unique<Executor>(graph_, options);
    sinks_ =
        std::make_unique<SinkCommits>(graph_, outside.world.environment, nullptr, SinkCommitsOptions{false, true, {}});
  }

  Status start(std::int64_t snapshot_ms = 1 << 30) {
    CheckpointOptions options;
    options.dir = "state";
    options.fingerprint = options.spec_text = text_;
    options.make_former = [this](const std::string& text) { return Result<flow::Graph>(make(text)); };
    options.wal_dir = "wal";
    options.cannot_replay = {"wire"};
    auto opened = Checkpoint::open(options, {&outside_.env, nullptr, false, {}}, "run");
    SR_TRY(opened);
    checkpoint_ = std::move(*opened);
    checkpoint_->wrap_sources(graph_, true);
    SR_TRY(checkpoint_->begin());
    DurableLogOptions log;
    log.env = &outside_.env;
    log.graph = &graph_;
    log.interval_ms = snapshot_ms;
    log.background = false;
    log_ = std::make_unique<DurableLog>(checkpoint_->store(), checkpoint_->input(), std::move(log));
    return recover();
  }

  // The steps of a batch, in order.
  Status plan() {
    outside_.world.clock.advance_ms(kIntervalMs);
    tick_ = {tick_.id + 1, tick_.time_ms + kIntervalMs, tick_.time_ms, false};
    BatchCut cut;
    cut.plan.tick = tick_;
    SR_TRY(executor_->begin_batch(tick_));
    std::map<std::string, flow::Position> standings;
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      auto* source = std::get_if<flow::SourceNode>(&graph_.nodes[i].work);
      if (!source) continue;
      auto polled = source->source->poll({INT64_MAX, INT64_MAX, tick_.id});
      SR_TRY(polled);
      cut.has_input |= !polled->pieces.empty();
      cut.plan.positions[graph_.nodes[i].id] = polled->position;
      standings[graph_.nodes[i].id] = source->source->standing();
      executor_->add(i, std::move(*polled));
    }
    if (log_->wants_standings(cut.has_input)) cut.standings = standings;
    return log_->plan(std::move(cut));
  }
  // What a thread of its own does in a job.
  Status sync_plan() { return checkpoint_->store().sync(); }
  Status execute() {
    result_ = executor_->end_batch();
    if (result_.failure) return Error{result_.failure->to_text()};
    return log_->executed(result_, *executor_, 0);
  }
  Status commit_to_sinks() {
    SR_TRY(log_->await_plan(tick_));
    done_ = {tick_, {}, checksums_of(graph_, result_)};
    std::uint64_t dropped = 0;
    const auto failure = sinks_->commit(result_, done_, dropped);
    return failure ? Status(Error{failure->to_text(), false, failure->code}) : Status();
  }
  Status commit() { return log_->commit(done_); }

  Status batch() {
    SR_TRY(plan());
    SR_TRY(execute());
    SR_TRY(commit_to_sinks());
    return commit();
  }
  Status finish() {
    std::map<std::string, flow::Position> standings;
    for (const flow::Node& node : graph_.nodes) {
      if (const auto* source = std::get_if<flow::SourceNode>(&node.work))
        standings[node.id] = source->source->standing();
    }
    return log_->finish(*executor_, standings);
  }

 private:
  flow::Graph make(const std::string& text) {
    specs::CompileInput input;
    input.path = "job.yaml";
    input.text = text;
    Diagnostics diagnostics;
    jobs_.push_back(specs::compile(input, registry_, sources_, diagnostics));
    for (const Diagnostic& finding : diagnostics.items()) UNSCOPED_INFO(finding.message);
    REQUIRE(jobs_.back()->sound);
    specs::InstantiateOptions options;
    options.without_source = {"wire"};
    flow::Graph graph = specs::instantiate(*jobs_.back()->bound, registry_, options);
    for (flow::Node& node : graph.nodes) {
      if (auto* source = std::get_if<flow::SourceNode>(&node.work); source && node.id == "wire") {
        source->source = std::make_unique<Wire>(outside_);
        source->replayable = false;
      }
      if (auto* sink = std::get_if<flow::SinkNode>(&node.work)) sink->sink = std::make_unique<HoldingSink>(outside_);
    }
    return graph;
  }
  Status recover() {
    RecoveryOptions options;
    options.env = &outside_.world.environment;
    options.executor.env = options.env;
    options.executor.services.programs = &programs_;
    options.executor.digests = true;
    options.open_sink = [](flow::Node&) { return Status(); };
    Recovery recovery(*checkpoint_, std::move(options));
    std::map<std::string, flow::Position> standings;
    SR_TRY(recovery.restore(graph_, *executor_, standings));
    for (flow::Node& node : graph_.nodes) {
      auto* source = std::get_if<flow::SourceNode>(&node.work);
      if (!source) continue;
      SR_TRY(source->source->open(source_context(node, outside_.world.environment, nullptr),
                                  stood_at(standings, node.id)));
    }
    auto resumed = recovery.replay(graph_, *executor_, *sinks_);
    SR_TRY(resumed);
    log_->begin_after(resumed->last, std::move(resumed->sinks), resumed->ran);
    tick_ = resumed->last;
    return {};
  }

  Outside& outside_;
  CountingPrograms programs_;
  std::string text_;
  specs::Registry registry_;
  SourceMap sources_;
  std::vector<std::unique_ptr<specs::CompiledJob>> jobs_;
  flow::Graph graph_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<SinkCommits> sinks_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<DurableLog> log_;
  Tick tick_;
  BatchResult result_;
  durability::BatchCommit done_;
};

}  // namespace sr::runtime::test
