// Recovery's part for batches that a former text of the job has planned: they are executed and finished under that
// text, or given up and cut again.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/observe/log.h"
#include "engine/runtime/recovery.h"
#include "engine/runtime/sink_commit.h"
#include "engine/runtime/state_restore.h"

namespace sr::runtime {

using durability::LoggedBatch;
using durability::Snapshot;

// Whether another text has planned one of the batches that are left. A job that was edited back has its own batches on
// both sides of it.
bool Recovery::former_lies_ahead() const {
  const auto& batches = checkpoint_.recovered().batches;
  return !left_out(Failpoint::former_text) &&
         std::any_of(
             batches.begin() + static_cast<std::ptrdiff_t>(next_), batches.end(),
             [&](const LoggedBatch& batch) { return batch.spec_fingerprint != checkpoint_.options().fingerprint; });
}

// Executes what a former text of the job has planned, on its own graph; what that leaves is the base of what follows.
Status Recovery::run_former(const std::string& fingerprint) {
  const auto& specs = checkpoint_.recovered().specs;
  const auto text = specs.find(fingerprint);
  if (text == specs.end() || !checkpoint_.options().make_former)
    return Error{"the text of the job that has planned batch " +
                     std::to_string(checkpoint_.recovered().batches[next_].plan.tick.id) + " is not in the journal",
                 false, "damaged"};
  auto made = checkpoint_.options().make_former(text->second);
  if (!made.ok())
    return Error{
        "the job was edited before its last batches were safe in a snapshot, and its former text cannot run "
        "any more (" +
            made.error().message + "); start it once with the former file, stop it, and edit then",
        false, made.error().code};
  flow::Graph graph = std::move(*made);
  if (options_.log) options_.log->info("finishing what the job had begun before it was edited", {});
  checkpoint_.wrap_sources(graph, false);
  carry_over(graph);
  Executor executor(graph, options_.executor);
  SR_TRY(restore_state(graph, executor, base_, OnIncompatible::fail, options_.log));
  SR_TRY(open_sources(graph, base_.standings));
  SR_TRY(replay_segment(graph, executor, nullptr, fingerprint));
  auto standings = standings_of(graph);
  base_ = given_up_ ? std::move(*given_up_) : snapshot_of(graph, executor);
  if (!std::exchange(given_up_, std::nullopt)) base_.standings = std::move(standings);
  for (flow::Node& node : graph.nodes) {
    if (auto* source = std::get_if<flow::SourceNode>(&node.work)) source->source->close();
  }
  return {};
}

// The same under the text that planned it. A batch whose execution fails never reached a sink: it is given up, and its
// input is cut again. So is one that a sink refuses, if no sink holds it.
Status Recovery::finish_former(flow::Graph& graph, Executor& executor, LoggedBatch& batch) {
  SR_TRY(prepare(graph, batch));
  Snapshot before = snapshot_of(graph, executor);
  before.standings = standings_of(graph);
  const auto result = execute(graph, executor, batch);
  if (!result.ok() && !failure_) return result.error();
  if (!result.ok()) {
    give_up(std::move(before));
    return empty(batch);
  }
  SinkCommits sinks(graph, *options_.env, options_.log, {false, true, options_.wait});
  for (flow::Node& node : graph.nodes) {
    if (std::holds_alternative<flow::SinkNode>(node.work)) SR_TRY(options_.open_sink(node));
  }
  Status finished = commit(graph, sinks, *result, batch);
  if (!finished.ok() && failure_ && sinks.refused_for_good()) {
    const auto drop = drop_refused(graph, *result);
    if (!drop.ok()) finished = drop.error();
    if (drop.ok() && *drop) {
      give_up(std::move(before));
      finished = empty(batch);
    }
  }
  Status closed = close_sinks(graph);
  return finished.ok() ? std::move(closed) : std::move(finished);
}

// Plans an open batch that no sink has begun as one without input; what it and those behind it were to read is cut
// again.
Status Recovery::empty(LoggedBatch& batch) {
  auto& batches = checkpoint_.recovered().batches;
  batches.erase(batches.begin() + static_cast<std::ptrdiff_t>(next_) + 1, batches.end());
  batch.plan.positions.clear();
  batch.plan.ended.clear();
  batch.plan.datasets.clear();
  batch.outputs.clear();
  batch.plan.tick.last = false;
  return checkpoint_.store().plan(batch.plan);
}

// The present job goes on from the state before the batch.
void Recovery::give_up(Snapshot before) {
  if (options_.log)
    options_.log->warn("a batch that failed before the job was edited is cut again: " + failure_->to_text(), {});
  failure_.reset();
  given_up_ = std::move(before);
  checkpoint_.recovered().batches[next_].spec_fingerprint = checkpoint_.options().fingerprint;
}

// Whether a batch that a sink has refused may be dropped: not if another one holds it, as its rows would come twice.
Result<bool> Recovery::drop_refused(flow::Graph& graph, const BatchResult& result) {
  for (const SinkBatch& batch : result.sinks) {
    if (batch.rows == 0) continue;
    const flow::Node& node = graph.nodes[batch.node];
    const auto holds = std::get<flow::SinkNode>(node.work).sink->holds(result.tick);
    if (!holds.ok()) return holds.error();
    if (!*holds) continue;
    return Error{
        fmt::format("{}\n  sink `{}` holds batch {} already, so the batch cannot be cut again under the edited "
                    "job: its rows would be there twice. Let `{}` take the rows as they are, with a wider "
                    "column, say, and start again",
                    failure_->to_text(), node.id, result.tick.id, failure_->node),
        false, "batch"};
  }
  return true;
}

}  // namespace sr::runtime
