#include "engine/runtime/executor.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/observe/log.h"
#include "engine/observe/metrics.h"

namespace sr::runtime {

struct Executor::SourceState {
  SourceState(std::uint32_t node_in, const flow::Framer* framer) : node(node_in), cutter(framer) {}
  std::uint32_t node;
  MorselCutter cutter;
  Morsel open;                   // the morsel that is being filled
  std::vector<Morsel> ready;     // whole morsels that wait for workers
  std::unique_ptr<PushRun> run;  // of this batch, when everything runs on the calling thread
  std::unique_ptr<SourceRun> rows;
};

Executor::Executor(flow::Graph& graph, const ExecutorOptions& options)
    : graph_(graph),
      options_(options),
      wiring_(Wiring::of(graph)),
      watermarks_(graph_, wiring_),
      datasets_(graph.nodes.size()) {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    if (wiring_.node(i).kind != NodeKind::source) continue;
    const auto& source = std::get<flow::SourceNode>(graph_.nodes[i].work);
    sources_.push_back(std::make_unique<SourceState>(i, source.framer.get()));
  }
  frame_.graph = &graph_;
  frame_.wiring = &wiring_;
  frame_.chunk_rows = options.chunk_rows;
  frame_.digests = options.digests;
  options_.services.answers = &answers_;
  frame_.contexts.resize(graph_.nodes.size());
}

Executor::~Executor() = default;

void Executor::watch(std::uint32_t node, flow::PortIndex port) {
  wiring_.watch(node, port);
  watched_.emplace_back(node, port);
}

Executor::SourceState& Executor::state_of(std::uint32_t source) {
  const auto found =
      std::find_if(sources_.begin(), sources_.end(), [&](const auto& state) { return state->node == source; });
  SR_CHECK(found != sources_.end());
  return **found;
}

Status Executor::load_datasets(const Tick& tick) {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    if (wiring_.node(i).kind != NodeKind::dataset) continue;
    if (const auto pinned = pinned_.find(i); pinned != pinned_.end()) {
      datasets_[i] = pinned->second;
      continue;
    }
    auto loaded = std::get<flow::DatasetNode>(graph_.nodes[i].work).loader->load(*options_.env, tick.time_ms);
    if (loaded.ok()) {
      if (*loaded) datasets_[i] = *loaded;
      continue;
    }
    const std::string& id = graph_.nodes[i].id;
    if (!datasets_[i]) return Error{"dataset `" + id + "`: " + loaded.error().message, false, loaded.error().code};
    if (options_.services.metrics) {
      options_.services.metrics
          ->counter("streamrun_dataset_reload_failures_total", "Reloads of a dataset that failed: the old rows stayed",
                    {{"dataset", id}})
          .add();
    }
    if (options_.services.log) {
      options_.services.log->warn("a dataset could not be reloaded and stays as it was",
                                  {{"dataset", id}, {"reason", loaded.error().message}});
    }
  }
  return {};
}

void Executor::set_contexts(const Tick& tick) {
  const std::uint64_t seed = combine(hash_bytes(graph_.job), static_cast<std::uint64_t>(tick.time_ms));
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    flow::BatchContext& context = frame_.contexts[i];
    context.tick = tick;
    context.seed = seed;
    context.services = &options_.services;
    context.watermark = context.watermark_before = watermarks_.of(i);
    context.inputs_ended = false;
    context.datasets.clear();
    for (const flow::Edge& edge : graph_.nodes[i].inputs) context.datasets.push_back(datasets_[edge.node]);
    context.parallel = [this](std::size_t n, const std::function<void(std::size_t)>& fn) {
      if (inline_only()) {
        for (std::size_t item = 0; item < n; ++item) fn(item);
      } else {
        options_.pool->parallel_for(n, [&](std::size_t item) { fn(item); });
      }
    };
  }
}

// Whether something above the node has a batch at this time. A breaker ends every batch of its inputs, though it may
// emit only at its slides.
bool Executor::has_input_batch(std::uint32_t node, std::int64_t time_ms) const {
  const flow::Node& at = graph_.nodes[node];
  for (const flow::Edge& edge : at.inputs) {
    if (wiring_.node(edge.node).kind == NodeKind::dataset) continue;
    if (graph_.nodes[edge.node].timing.has_batch(time_ms)) return true;
  }
  return false;
}

Status Executor::begin_batch(const Tick& tick) {
  SR_TRY(load_datasets(tick));
  set_contexts(tick);
  frame_.store.reset(wiring_.slots());
  counts_.assign(graph_.nodes.size(), {});
  failed_.reset();
  for (auto& state : sources_) {
    state->cutter.begin_batch();
    state->open = Morsel{};
  }
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    Status status;
    if (wiring_.node(i).kind == NodeKind::stateless) {
      status = std::get<std::unique_ptr<flow::Stateless>>(graph_.nodes[i].work)->begin_batch(frame_.contexts[i]);
    } else if (wiring_.node(i).kind == NodeKind::breaker && has_input_batch(i, tick.time_ms)) {
      status = std::get<std::unique_ptr<flow::Breaker>>(graph_.nodes[i].work)->begin_batch(frame_.contexts[i]);
    }
    if (!status.ok())
      return Error{"`" + graph_.nodes[i].id + "`: " + status.error().message, false, status.error().code};
  }
  return {};
}

void Executor::add(std::uint32_t source, flow::SourceSlice slice) {
  SourceState& state = state_of(source);
  for (flow::InputPiece& piece : slice.pieces) {
    if (inline_only()) {
      state.cutter.cut(
          std::move(piece), [&](flow::InputPiece part) { feed_inline(state, std::move(part)); },
          [&] { close_inline(state); });
      continue;
    }
    state.cutter.cut(
        std::move(piece), [&](flow::InputPiece part) { state.open.parts.push_back(std::move(part)); },
        [&] {
          const std::uint64_t next = state.open.index + 1;
          state.ready.push_back(std::move(state.open));
          state.open = Morsel{next, {}};
          ++ready_;
        });
  }
  if (!inline_only() && ready_ >= 2 * options_.pool->workers()) run_ready();
}

void Executor::feed_inline(SourceState& state, flow::InputPiece part) {
  if (!state.run) {
    state.run = std::make_unique<PushRun>(frame_);
    state.rows = std::make_unique<SourceRun>(*state.run, state.node, buffers_);
  }
  if (pointless(state.node, state.open.index)) return;
  if (state.open.parts.empty()) state.rows->begin_morsel(state.open.index);
  state.open.parts.push_back(std::move(part));
  if (!state.rows->feed(state.open.parts.back())) record_failure(state.node, state.open, *state.run->failure());
}

void Executor::close_inline(SourceState& state) {
  if (state.rows && !pointless(state.node, state.open.index)) {
    state.rows->end_morsel();
    if (state.run->failure()) record_failure(state.node, state.open, *state.run->failure());
  }
  state.open.parts.clear();
  ++state.open.index;
}

// True if an earlier row has already failed the batch.
bool Executor::pointless(std::uint32_t source, std::uint64_t morsel) {
  const std::lock_guard lock(mutex_);
  return failed_ && failed_->place <= std::pair(source, morsel);
}

void Executor::record_failure(std::uint32_t source, const Morsel& morsel, const Failure& failure) {
  const auto first = first_failing_row(frame_, source, morsel, buffers_);
  const std::lock_guard lock(mutex_);
  const auto place = std::pair(source, morsel.index);
  if (!failed_ || place < failed_->place) failed_ = Failed{place, first ? *first : failure};
}

void Executor::add_counts(const std::vector<NodeCounts>& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts_[i].rows_out += counts[i].rows_out;
    counts_[i].rows_late += counts[i].rows_late;
    counts_[i].rows_failed += counts[i].rows_failed;
    counts_[i].bytes_in += counts[i].bytes_in;
    counts_[i].digest += counts[i].digest;
  }
}

void Executor::settle(const SourceRun& source_run, PushRun& run, std::uint32_t source) {
  run.finish();
  const std::lock_guard lock(mutex_);
  add_counts(run.counts());
  watermarks_.saw(source, source_run.rows(), source_run.max_event_us());
}

void Executor::run_group(std::uint32_t source, std::span<const Morsel> morsels) {
  PushRun run(frame_);
  SourceRun rows(run, source, buffers_);
  for (const Morsel& morsel : morsels) {
    if (pointless(source, morsel.index)) break;
    rows.begin_morsel(morsel.index);
    for (const flow::InputPiece& part : morsel.parts) {
      if (!rows.feed(part)) break;
    }
    rows.end_morsel();
    if (run.failure()) {
      record_failure(source, morsel, *run.failure());
      break;
    }
  }
  settle(rows, run, source);
}

// Runs all whole morsels on the workers, neighbours together: partials that join then join.
void Executor::run_ready() {
  constexpr std::size_t kGroupsPerWorker = 4;
  struct Group {
    std::uint32_t source;
    std::span<const Morsel> morsels;
  };
  const std::size_t size = std::max<std::size_t>(1, ready_ / (options_.pool->workers() * kGroupsPerWorker));
  std::vector<Group> groups;
  for (const auto& state : sources_) {
    const std::span<const Morsel> all(state->ready);
    for (std::size_t at = 0; at < all.size(); at += size) {
      groups.push_back({state->node, all.subspan(at, std::min(size, all.size() - at))});
    }
  }
  options_.pool->parallel_for(groups.size(), [&](std::size_t i) { run_group(groups[i].source, groups[i].morsels); });
  for (auto& state : sources_) state->ready.clear();
  ready_ = 0;
}

void Executor::finish_sources() {
  for (auto& state : sources_) {
    if (inline_only()) {
      if (!state->rows) continue;
      close_inline(*state);
      settle(*state->rows, *state->run, state->node);
      state->rows.reset();
      state->run.reset();
    } else if (!state->open.parts.empty()) {
      state->ready.push_back(std::move(state->open));
      ++ready_;
    }
  }
  if (ready_ > 0) run_ready();
}

std::uint64_t Executor::records_in(const BatchResult& result) const {
  std::uint64_t records = 0;
  for (const auto& state : sources_)
    records += result.counts[state->node].rows_out + result.counts[state->node].rows_failed;
  return records;
}

}  // namespace sr::runtime
