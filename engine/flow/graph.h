// Graph: the job as connected operators in topological order, ready to run. Made by specs/instantiate from the plan;
// run by engine/runtime. Plain structs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/expr/bind.h"
#include "engine/flow/operator.h"
#include "engine/flow/sink.h"
#include "engine/flow/source.h"

namespace sr::flow {

enum class ErrorAction : std::uint8_t { fail, skip, route };

// Retries of a sink's batch.
struct RetryPolicy {
  std::int64_t attempts = 0;  // 0: for ever
  std::int64_t initial_ms = 100;
  std::int64_t max_ms = 30000;
  double jitter = 0.2;  // share of the delay that is random
  ErrorAction then = ErrorAction::fail;
};

struct ErrorPolicy {
  ErrorAction action = ErrorAction::fail;
  std::optional<RetryPolicy> retry;  // sinks only
};

// When a node has a batch, i.e. emits one (maybe empty): those whose time is offset + k × slide. A node below a
// windowed node inherits its timing.
struct NodeTiming {
  std::int64_t slide_ms = 0;  // the batch interval unless windowed; 0: every batch (eager jobs)
  std::int64_t offset_ms = 0;
  bool has_batch(std::int64_t time_ms) const {
    return slide_ms == 0 || ((time_ms - offset_ms) % slide_ms + slide_ms) % slide_ms == 0;
  }
};

struct SourceNode {
  std::unique_ptr<Source> source;
  std::shared_ptr<const Decoder> decoder;  // raw and file pieces
  std::shared_ptr<const Framer> framer;
  std::shared_ptr<const RowMaker> row_maker;  // row ranges
  expr::BoundRef event_time;                  // timestamp over the source's columns, or null
  std::int64_t delay_us = 0;
  std::int64_t idle_after_ms = 0;  // 0: never idle
  std::int64_t max_record = 1 << 20;
  double max_rate = 0;     // records/s; 0: no limit
  bool replayable = true;  // false: only a log of its input can give it again
  bool goes_on = false;    // what it ends with is what is there now: a later run finds more
};

// Passes its inputs on, in order. `pick[i]`: for each output column its column in input i; empty: the columns stand in
// the same order.
struct UnionNode {
  std::vector<std::vector<std::uint32_t>> pick;
};

struct SinkNode {
  std::unique_ptr<Sink> sink;
};

// Loads a dataset and tells when it has changed. Thread: the engine's, between batches.
class DatasetLoader {
 public:
  virtual ~DatasetLoader() = default;
  // Loads if there is something new since the last call (always the first time); null if nothing changed. `now_ms` is
  // the batch's time.
  virtual Result<std::shared_ptr<const DatasetVersion>> load(Environment& env, std::int64_t now_ms) = 0;
};

struct DatasetNode {
  std::unique_ptr<DatasetLoader> loader;
};

struct Edge {
  std::uint32_t node = 0;  // index in Graph::nodes, smaller than the reader's
  PortIndex port = kMainPort;
};

struct Node {
  std::string id;
  std::string type;
  std::vector<Edge> inputs;
  std::vector<std::string> ports;  // "" (the node itself), then names such as `errors`, `late`, `eu`
  std::vector<SchemaRef> schemas;  // per port
  std::optional<PortIndex> errors_port;
  ErrorPolicy on_error;
  NodeTiming timing;
  std::int64_t hold_back_us = 0;  // nodes below see the watermark so much later: rows may be emitted with older times
  StateShape state;               // of a breaker that has state
  std::string was;                // the id under which its state was saved, if it was renamed
  std::variant<SourceNode, UnionNode, std::unique_ptr<Stateless>, std::unique_ptr<Breaker>, SinkNode, DatasetNode> work;
};

// Schema of every `<id>.errors` port: node, message, payload strings and batch_time.
SchemaRef error_port_schema();

struct Graph {
  std::string job;
  std::int64_t interval_ms = 1000;
  std::vector<Node> nodes;  // topological: inputs before readers
  std::optional<std::uint32_t> find(std::string_view id) const;
};

}  // namespace sr::flow
