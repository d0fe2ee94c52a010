#include "engine/runtime/checkpoint.h"

namespace sr::runtime {

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
  std::vector<std::string> notes = checkpoint->recovered_.notes;
  if (!options.wal_dir.empty()) {
    durability::WalOptions wal;
    wal.env = world.env;
    wal.log = world.log;
    wal.dir = options.wal_dir;
    wal.folder_id = checkpoint->store_->folder_id();
    wal.segment_bytes = options.wal_segment_bytes;
    wal.max_bytes = options.wal.max_bytes;
    auto input = durability::Wal::open(wal, &notes);
    if (!input.ok()) return input.error();
    InputLogOptions input_options = options.wal;
    input_options.background = world.background;
    checkpoint->input_ = std::make_unique<InputLog>(std::move(*input), input_options, world.failed);
  }
  if (world.log) {
    for (const std::string& note : notes) world.log->warn(note, {});
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
    if (!source || !source->source || !options_.cannot_replay.contains(node.id)) continue;
    if (input_) {
      if (live) input_->add_source(node.id);
      source->source = std::make_unique<LoggedSource>(std::move(source->source), *input_, live);
    } else {
      source->source = std::make_unique<UnloggedSource>(std::move(source->source));
    }
  }
}

void fill_context(flow::SinkContext& context, const durability::Recovered& found, std::int64_t epoch) {
  context.durable = true;
  context.folder_id = found.folder_id;
  context.epoch = epoch;
  const auto mark = found.sinks.find(context.id);
  if (mark == found.sinks.end()) return;
  context.last_batch = mark->second.batch;
  context.last_token = mark->second.token;
}

void Checkpoint::fill(flow::SinkContext& context) const {
  fill_context(context, recovered_, epoch_);
}

}  // namespace sr::runtime
