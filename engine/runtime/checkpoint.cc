#include "engine/runtime/checkpoint.h"

#include <algorithm>

namespace sr::runtime {
namespace {

// The newest record of the log that the folder's snapshot contains.
std::uint64_t contained_in(const durability::Recovered& recovered, const std::set<std::string>& logged) {
  std::uint64_t newest = 0;
  if (!recovered.snapshot) return newest;
  for (const auto& [source, standing] : recovered.snapshot->standings) {
    if (logged.contains(source)) newest = std::max(newest, durability::sequence_of(standing));
  }
  return newest;
}

}  // namespace

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(const CheckpointOptions& options, const CheckpointWorld& world,
                                                     const std::string& job) {
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint(options));
  durability::StoreOptions store;
  store.env = world.env;
  store.log = world.log;
  store.dir = options.dir;
  store.job = job;
  store.retain = options.retain;
  auto opened = durability::Store::open(store);
  if (!opened.ok()) return opened.error();
  checkpoint->store_ = std::move(opened->store);
  checkpoint->recovered_ = std::move(opened->recovered);
  if (!options.wal_dir.empty()) {
    durability::WalOptions wal;
    wal.env = world.env;
    wal.log = world.log;
    wal.dir = options.wal_dir;
    wal.folder_id = checkpoint->store_->folder_id();
    wal.segment_bytes = options.wal_segment_bytes;
    wal.max_bytes = options.wal.max_bytes;
    wal.least_next = contained_in(checkpoint->recovered_, options.cannot_replay) + 1;
    wal.reserve_bytes = InputLog::kReserveBytes;
    std::vector<std::string> notes;
    auto input = durability::Wal::open(wal, &notes);
    if (!input.ok()) return input.error();
    if (world.log) {
      for (const std::string& note : notes) world.log->warn(note, {});
    }
    InputLogOptions input_options = options.wal;
    input_options.background = world.background;
    checkpoint->input_ = std::make_unique<InputLog>(std::move(*input), input_options, world.failed);
  }
  return checkpoint;
}

Status Checkpoint::begin() {
  auto epoch = store_->begin(options_.spec_text, options_.fingerprint);
  if (!epoch.ok()) return epoch.error();
  epoch_ = *epoch;
  return {};
}

void Checkpoint::wrap_sources(flow::Graph& graph, bool live) {
  for (flow::Node& node : graph.nodes) {
    auto* source = std::get_if<flow::SourceNode>(&node.work);
    if (!source || !source->source || source->replayable) continue;
    if (input_) {
      if (live) input_->add_source(node.id);
      source->source = std::make_unique<LoggedSource>(std::move(source->source), *input_, live);
    } else {
      source->source = std::make_unique<UnloggedSource>(std::move(source->source));
    }
  }
}

bool Checkpoint::replays_everything(const flow::Graph& graph) const {
  if (input_ && input_->keeps_everything()) return true;
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [](const flow::Node& node) {
    const auto* source = std::get_if<flow::SourceNode>(&node.work);
    return !source || source->replayable;
  });
}

void fill_context(flow::SinkContext& context, const durability::Recovered& found, std::int64_t epoch) {
  context.durable = true;
  context.folder_id = found.folder_id;
  context.epoch = epoch;
  if (found.snapshot) context.planned = found.snapshot->tick;
  if (!found.batches.empty()) context.planned = found.batches.back().plan.tick;
  const auto mark = found.sinks.find(context.id);
  if (mark == found.sinks.end()) return;
  context.last_batch = mark->second.batch;
  context.last_token = mark->second.token;
}

void Checkpoint::fill(flow::SinkContext& context) const {
  fill_context(context, recovered_, epoch_);
}

}  // namespace sr::runtime
