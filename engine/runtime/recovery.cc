#include "engine/runtime/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/failpoint.h"
#include "engine/observe/log.h"
#include "engine/runtime/dataset_versions.h"
#include "engine/runtime/former_sinks.h"
#include "engine/runtime/poison.h"
#include "engine/runtime/renames.h"
#include "engine/runtime/source_context.h"

namespace sr::runtime {
namespace {

constexpr int kHarmlessAttempts = 3;  // so many starts may fail to finish a batch for reasons of their own

// What a person is to know of a record that ends the process.
Error poison_error(const Poison& poison, const std::string& batch) {
  const std::string ends =
      fmt::format("executing batch {} ends the process{}", batch,
                  poison.signal == 0 ? std::string() : fmt::format(" by signal {}", poison.signal));
  if (!poison.record) return Error{ends + ", even without its input; no sink has it", false, "poison"};
  const auto& [place, where, shown] = *poison.record;
  std::string text = fmt::format("{}: record {} of source `{}`", ends, place.number, place.source);
  if (!where.empty()) text += fmt::format(" ({})", where);
  if (!shown.empty()) text += fmt::format(": {}", shown);
  text +=
      fmt::format("\n  to leave the record out: streamrun state skip JOB {}@{}:{}", place.source, batch, place.number);
  return Error{std::move(text), false, "poison"};
}

}  // namespace

using durability::LoggedBatch;
using durability::Snapshot;

Recovery::Recovery(Checkpoint& checkpoint, RecoveryOptions options)
    : checkpoint_(checkpoint), options_(std::move(options)), sinks_(checkpoint.recovered().sinks) {
  if (!checkpoint.recovered().snapshot) return;
  base_ = std::move(*checkpoint.recovered().snapshot);
  last_ = base_.tick;
  if (last_.id > 0) positions_[last_.id] = base_.standings;
}

Status Recovery::restore(flow::Graph& graph, Executor& executor, std::map<std::string, flow::Position>& standings) {
  const auto& batches = checkpoint_.recovered().batches;
  const bool former = former_lies_ahead();
  while (former_lies_ahead()) SR_TRY(run_former(batches[next_].spec_fingerprint));
  warn_of_unknown_names(graph);
  const bool renamed = carry_over(graph) && next_ >= batches.size();
  warn_of_dropped(graph);
  SR_TRY(restore_state(graph, executor, base_, checkpoint_.options().on_incompatible, options_.log));
  base_.nodes.clear();  // as large as the state itself
  standings = base_.standings;
  SR_TRY(settle_former_sinks(graph, checkpoint_, options_.env, options_.log, sinks_));
  if ((!former && !renamed) || last_.id == 0) return {};
  // What follows is planned by the present job: a snapshot of its own spares the former one the next time, and knows
  // the sources and sinks by their present names.
  Snapshot snapshot = snapshot_of(graph, executor);
  snapshot.standings = base_.standings;
  SR_TRY(checkpoint_.store().sync());
  auto saved = checkpoint_.store().save(snapshot);
  return saved.ok() ? Status{} : Status{saved.error()};
}

Result<Resumed> Recovery::replay(flow::Graph& graph, Executor& executor, SinkCommits& sinks) {
  SR_TRY(replay_segment(graph, executor, &sinks, checkpoint_.options().fingerprint));
  if (!left_out(Failpoint::former_text)) SR_CHECK(next_ == checkpoint_.recovered().batches.size());
  executor.pin_datasets({});
  checkpoint_.recovered().batches.clear();
  return Resumed{last_, sinks_, std::move(positions_), ran_};
}

// Brings all that is known of sources and sinks under the ids that they have in a graph; true if that changed an id.
bool Recovery::carry_over(const flow::Graph& graph) {
  const bool sources = carry_standings(graph, base_.standings);
  const bool sinks = carry_marks(graph, sinks_);
  for (auto& [batch, positions] : positions_) carry_standings(graph, positions);
  return sources || sinks;
}

// A `was` that names nothing would let a node begin anew in silence: the name is wrong, or an earlier rename was never
// started.
void Recovery::warn_of_unknown_names(const flow::Graph& graph) const {
  if (last_.id == 0 || options_.log == nullptr) return;
  std::set<std::string> known;
  for (const auto& node : base_.nodes) known.insert(node.id);
  for (const auto& [id, standing] : base_.standings) known.insert(id);
  for (const auto& [id, mark] : sinks_) known.insert(id);
  for (const flow::Node& node : graph.nodes) {
    if (node.was.empty() || known.contains(node.was) || known.contains(node.id)) continue;
    options_.log->warn("`was: " + node.was + "` names nothing in the checkpoint folder: the node begins anew",
                       {{"node", node.id}});
  }
}

// A source that was removed, or renamed without a word, must not begin anew in silence.
void Recovery::warn_of_dropped(const flow::Graph& graph) {
  for (const auto& [id, standing] : take_unknown(graph, base_.standings)) {
    if (standing.empty() || !options_.log) continue;
    options_.log->warn(
        "the job has no source `" + id +
            "` any more: where it stood is forgotten. If it has another name now, that source reads from "
            "its beginning; `was: " +
            id + "` would let it go on",
        {{"source", id}, {"stood_at", shown_position(standing)}, {"batch", last_.id}});
  }
}

Status Recovery::open_sources(flow::Graph& graph, const std::map<std::string, flow::Position>& standings) {
  for (flow::Node& node : graph.nodes) {
    auto* source = std::get_if<flow::SourceNode>(&node.work);
    if (!source) continue;
    const Status opened =
        source->source->open(source_context(node, *options_.env, options_.log), stood_at(standings, node.id));
    if (!opened.ok()) return Error{"source `" + node.id + "`: " + opened.error().message, false, opened.error().code};
  }
  return {};
}

// Executes the batches that one text of the job has planned. `sinks` is null for a former text.
Status Recovery::replay_segment(flow::Graph& graph, Executor& executor, SinkCommits* sinks,
                                const std::string& fingerprint) {
  auto& batches = checkpoint_.recovered().batches;
  for (; next_ < batches.size() && batches[next_].spec_fingerprint == fingerprint; ++next_) {
    if (options_.wait && !options_.wait(0)) return Error{"the job is to end", false, "ECANCELED"};
    LoggedBatch& batch = batches[next_];
    if (batch.commit) {
      SR_TRY(repeat(graph, executor, batch));
    } else if (sinks) {
      SR_TRY(finish(graph, executor, *sinks, batch));
    } else {
      SR_TRY(finish_former(graph, executor, batch));
      if (!batch.commit) return {};  // given up: the present job finishes it
    }
    last_ = batch.plan.tick;
    ran_ = true;
    positions_[last_.id] = batch.plan.positions;
  }
  return {};
}

// Executes a committed batch for its state. What it gives its sinks must be what it gave them before.
Status Recovery::repeat(flow::Graph& graph, Executor& executor, const LoggedBatch& batch) {
  const auto result = execute(graph, executor, batch);
  if (!result.ok()) return result.error();
  if (!checkpoint_.replays_everything(graph)) return {};
  for (const auto& [sink, sum] : checksums_of(graph, *result)) {
    const auto before = batch.commit->checksums.find(sink);
    const bool same = before == batch.commit->checksums.end() || before->second == sum;
    if (same || left_out(Failpoint::replayed_rows)) continue;
    return Error{"batch " + std::to_string(batch.plan.tick.id) + " gives sink `" + sink +
                     "` other rows than before the restart; its state cannot be recovered by running it again",
                 false, "checksum"};
  }
  return {};
}

bool Recovery::input_is_logged(const flow::Graph& graph, const BatchPlan& plan) const {
  InputLog* input = checkpoint_.input();
  return std::all_of(plan.positions.begin(), plan.positions.end(), [&](const auto& at) {
    const auto node = graph.find(at.first);
    const auto* source = node ? std::get_if<flow::SourceNode>(&graph.nodes[*node].work) : nullptr;
    return !input || !source || source->replayable || LoggedSource::holds(*input, at.second);
  });
}

// Makes an open batch ready to be finished.
Status Recovery::prepare(const flow::Graph& graph, LoggedBatch& batch) {
  if (!input_is_logged(graph, batch.plan) && !left_out(Failpoint::input_missing)) {
    // Its plan came to the disk before its input did, so no sink has begun it.
    SR_TRY(empty(batch));
  }
  SR_TRY(checkpoint_.store().attempt(batch.plan.tick.id));
  return left_out(Failpoint::attempt_before_execution) ? Status() : checkpoint_.store().sync();
}

// Gives the open batch to the sinks, which may hold it already.
Status Recovery::commit(flow::Graph& graph, SinkCommits& sinks, const BatchResult& result, LoggedBatch& batch) {
  for (const auto& [node, answer] : result.answers)
    SR_TRY(checkpoint_.store().output(batch.plan.tick.id, node, answer));
  if (!result.answers.empty() && !left_out(Failpoint::new_answer_before_sinks)) SR_TRY(checkpoint_.store().sync());
  BatchCommit done{batch.plan.tick, {}, checksums_of(graph, result)};
  std::uint64_t dropped = 0;
  if (auto failure = sinks.commit(result, done, dropped)) {
    failure_ = std::move(failure);
    if (!sinks.refused_for_good()) return Error{failure_->to_text(), false, "batch"};
    const auto source = std::find_if(batch.plan.positions.begin(), batch.plan.positions.end(),
                                     [](const auto& position) { return !position.second.empty(); });
    const std::string place = source == batch.plan.positions.end() ? "SOURCE" : source->first;
    return Error{
        fmt::format("{}\n  batch {} stays open. An edited job cuts it again, unless another sink holds it; or leave "
                    "a record out: streamrun state skip JOB {}@{}:NUMBER",
                    failure_->to_text(), done.tick.id, place, done.tick.id),
        false, "batch"};
  }
  for (const auto& [sink, token] : done.tokens) sinks_[sink] = {done.tick.id, token};
  SR_TRY(checkpoint_.store().commit(done));
  batch.commit = std::move(done);
  if (options_.log)
    options_.log->info("finished the batch that the last stop has interrupted", {{"batch", batch.plan.tick.time_ms}});
  return {};
}

Status Recovery::finish(flow::Graph& graph, Executor& executor, SinkCommits& sinks, LoggedBatch& batch) {
  SR_TRY(prepare(graph, batch));
  const auto result = execute(graph, executor, batch);
  if (!result.ok()) return result.error();
  return commit(graph, sinks, *result, batch);
}

std::map<std::string, flow::Position> Recovery::standings_of(const flow::Graph& graph) const {
  std::map<std::string, flow::Position> standings = base_.standings;
  for (const flow::Node& node : graph.nodes) {
    if (const auto* source = std::get_if<flow::SourceNode>(&node.work)) standings[node.id] = source->source->standing();
  }
  return standings;
}

Status Recovery::pin_datasets(const flow::Graph& graph, Executor& executor, const BatchPlan& plan) {
  std::map<std::uint32_t, std::shared_ptr<const flow::DatasetVersion>> pinned;
  for (const auto& [id, hash] : plan.datasets) {
    const auto node = graph.find(id);
    if (!node) continue;
    auto bytes = checkpoint_.store().load_dataset(id, hash);
    if (!bytes.ok()) return bytes.error();
    auto version = decode_dataset(*bytes, graph.nodes[*node].schemas[0]);
    if (!version.ok()) return Error{"dataset `" + id + "`: " + version.error().message, false, version.error().code};
    if (!left_out(Failpoint::replayed_dataset)) pinned[*node] = std::move(*version);
  }
  executor.pin_datasets(std::move(pinned));
  return {};
}

// What the sources give of a batch, without what is left out on purpose.
Result<BatchInput> Recovery::input_of(flow::Graph& graph, const LoggedBatch& batch) {
  BatchInput input(graph);
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    auto* source = std::get_if<flow::SourceNode>(&graph.nodes[i].work);
    if (!source) continue;
    const auto position = batch.plan.positions.find(graph.nodes[i].id);
    if (position == batch.plan.positions.end() || position->second.empty()) continue;
    auto slice = source->source->replay(position->second);
    if (!slice.ok())
      return Error{"source `" + graph.nodes[i].id + "`: batch " + std::to_string(batch.plan.tick.id) +
                       " cannot be run again: " + slice.error().message,
                   false, slice.error().code};
    input.add(i, std::move(*slice));
  }
  if (!batch.skipped.empty()) SR_TRY(input.read());
  for (const durability::RecordPlace& record : batch.skipped) {
    if (!input.leave_out(record) && options_.log)
      options_.log->warn(fmt::format("batch {} has no record {} of source `{}`: nothing is left out for it",
                                     batch.plan.tick.id, record.number, record.source),
                         {});
  }
  return input;
}

Result<BatchResult> Recovery::execute(flow::Graph& graph, Executor& executor, const LoggedBatch& batch) {
  auto input = input_of(graph, batch);
  if (!input.ok()) return input.error();
  const bool suspicious = !batch.commit && batch.attempts >= kHarmlessAttempts;
  if (suspicious && options_.in_copy) SR_TRY(look_for_poison(graph, executor, batch, *input));
  auto result = run(graph, executor, batch, std::move(*input));
  if (!result.ok() || !result->failure) return result;
  failure_ = result->failure;
  return Error{failure_->to_text(), false, "batch"};
}

Result<BatchResult> Recovery::run(const flow::Graph& graph, Executor& executor, const LoggedBatch& batch,
                                  BatchInput input) {
  SR_TRY(pin_datasets(graph, executor, batch.plan));
  executor.replay_answers(batch.outputs);
  SR_TRY(executor.begin_batch(batch.plan.tick));
  std::move(input).take([&](std::uint32_t node, flow::SourceSlice slice) { executor.add(node, std::move(slice)); });
  for (const std::string& ended : batch.plan.ended) {
    if (const auto source = graph.find(ended)) executor.source_ended(*source);
  }
  return executor.end_batch(batch.plan.tick.last);
}

// A batch that no start has finished may be what ended them.
Status Recovery::look_for_poison(flow::Graph& graph, const Executor& executor, const LoggedBatch& batch,
                                 BatchInput& input) {
  const std::string number = std::to_string(batch.plan.tick.id);
  if (options_.log)
    options_.log->warn(fmt::format("batch {} was not finished in {} starts: it is tried in a copy of the process first",
                                   number, batch.attempts),
                       {});
  SR_TRY(input.read());
  std::vector<SavedState> watermarks = executor.snapshot();
  std::erase_if(watermarks, [](const SavedState& state) { return !state.node.empty(); });
  const auto try_input = [&](const BatchInput& part) {
    return options_.in_copy([&] {
      ExecutorOptions alone;  // without the threads of this process, of which the copy has none
      alone.env = options_.env;
      Executor copy(graph, alone);
      if (copy.restore(watermarks).ok()) static_cast<void>(run(graph, copy, batch, part));
    });
  };
  const auto poison = find_poison(input, try_input);
  if (!poison.ok()) return poison.error();
  return *poison ? Status{poison_error(**poison, number)} : Status{};
}

Snapshot Recovery::snapshot_of(const flow::Graph& graph, const Executor& executor) const {
  Snapshot snapshot;
  snapshot.tick = last_;
  snapshot.sinks = sinks_;
  for (SavedState& state : executor.snapshot()) {
    const auto node = graph.find(state.node);
    snapshot.nodes.push_back(
        {state.node, node ? graph.nodes[*node].state : flow::StateShape{}, std::move(state.bytes)});
  }
  return snapshot;
}

}  // namespace sr::runtime
