#include "specs/instantiate.h"

#include "engine/base/check.h"
#include "specs/dataset_loader.h"

namespace sr::specs {

namespace {

flow::ErrorAction action_of(OnErrorAction action) {
  switch (action) {
    case OnErrorAction::skip:
      return flow::ErrorAction::skip;
    case OnErrorAction::route:
      return flow::ErrorAction::route;
    default:
      return flow::ErrorAction::fail;
  }
}

flow::ErrorPolicy policy_of(const OnErrorConfig& config) {
  flow::ErrorPolicy policy;
  if (config.action != OnErrorAction::retry) {
    policy.action = action_of(config.action);
    return policy;
  }
  flow::RetryPolicy retry;
  retry.attempts = config.attempts.value_or(0);
  retry.initial_ms = config.backoff.initial.ms;
  retry.max_ms = config.backoff.max.ms;
  retry.jitter = config.backoff.jitter;
  retry.then = action_of(config.then.value_or(OnErrorAction::fail));
  policy.retry = retry;
  policy.action = retry.then;
  return policy;
}

class GraphMaker {
 public:
  GraphMaker(const BoundJob& job, const Registry& registry, const InstantiateOptions& options)
      : job_(job), registry_(registry), options_(options) {
    if (!options.all_columns) needed_ = needed_columns(job);
  }

  flow::Graph run() {
    flow::Graph graph;
    graph.job = job_.facts.name;
    graph.interval_ms = job_.facts.interval_ms;
    for (std::size_t i = 0; i < job_.nodes.size(); ++i) graph.nodes.push_back(make_node(i));
    return graph;
  }

 private:
  flow::Node make_node(std::size_t index) {
    const BoundEntry& entry = job_.nodes[index];
    SR_CHECK(entry.bound.has_value());
    flow::Node node;
    node.id = entry.id;
    node.type = entry.type;
    for (const BoundEdge& edge : entry.inputs) {
      const auto port = job_.nodes[edge.node].port_index(edge.port);
      SR_CHECK(port.has_value());
      node.inputs.push_back({edge.node, *port});
    }
    for (const BoundPort& port : entry.bound->ports) {
      if (port.name == "errors") node.errors_port = static_cast<flow::PortIndex>(node.ports.size());
      node.ports.push_back(port.name);
      node.schemas.push_back(port.schema);
    }
    if (entry.spec) node.on_error = policy_of(entry.spec->common.on_error);
    node.timing = entry.timing;
    node.hold_back_us = entry.bound->hold_back_ms * 1000;
    node.state = {entry.bound->state, entry.bound->state_key_columns, entry.bound->state_shape};
    if (entry.spec) node.was = entry.spec->common.was.name;
    MakeOptions make;
    if (!options_.all_columns) make.needed = needed_[index];
    if (entry.kind == NodeKind::sink && entry.spec->info->takes_format) make.encoder = encoder_of(entry);
    set_work(entry, entry.bound->make(make), make, node);
    return node;
  }

  std::shared_ptr<const flow::Encoder> encoder_of(const BoundEntry& entry) const {
    const FormatConfig& config = entry.spec->common.format;
    const FormatInfo* format = registry_.format(config.format);
    SR_CHECK(format != nullptr);
    return format->encoder(config, entry.input_infos[0].schema);
  }

  void set_work(const BoundEntry& entry, Made made, const MakeOptions& make, flow::Node& node) const {
    if (entry.kind == NodeKind::source) {
      node.work = source_of(entry, std::move(made), make);
    } else if (entry.kind == NodeKind::dataset) {
      node.work = flow::DatasetNode{wrap_dataset(std::move(made.dataset), entry)};
    } else if (entry.kind == NodeKind::sink) {
      node.work = flow::SinkNode{std::move(made.sink)};
    } else if (made.union_node) {
      node.work = std::move(*made.union_node);
    } else if (made.stateless) {
      node.work = std::move(made.stateless);
    } else {
      SR_CHECK(made.breaker != nullptr);
      node.work = std::move(made.breaker);
    }
  }

  flow::SourceNode source_of(const BoundEntry& entry, Made made, const MakeOptions& make) const {
    const CommonConfig& common = entry.spec->common;
    flow::SourceNode source;
    if (!options_.without_source.contains(entry.id)) source.source = std::move(made.source);
    source.row_maker = std::move(made.row_maker);
    source.event_time = entry.event_time;
    source.delay_us = common.event_time.delay.ms * 1000;
    source.idle_after_ms = common.event_time.idle_after ? common.event_time.idle_after->ms : 0;
    source.max_record = common.max_record.bytes;
    source.replayable = entry.spec->info->capabilities.replayable;
    source.goes_on = entry.bound->goes_on;
    source.max_rate = common.max_rate ? common.max_rate->per_second : 0;
    if (!entry.spec->info->takes_format) return source;
    const FormatInfo* format = registry_.format(common.format.format);
    SR_CHECK(format != nullptr);
    flow::DecoderOptions decoder;
    decoder.schema = entry.bound->ports[0].schema;
    decoder.needed = make.needed;
    decoder.max_record = common.max_record.bytes;
    source.decoder = format->decoder(common.format, decoder);
    source.framer = format->framer(common.format);
    return source;
  }

  const BoundJob& job_;
  const Registry& registry_;
  const InstantiateOptions& options_;
  std::vector<std::vector<bool>> needed_;
};

}  // namespace

flow::Graph instantiate(const BoundJob& job, const Registry& registry, const InstantiateOptions& options) {
  return GraphMaker(job, registry, options).run();
}

}  // namespace sr::specs
