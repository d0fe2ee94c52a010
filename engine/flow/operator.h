// The contract of operators between sources and sinks: Stateless (chunk by chunk, any worker) and Breaker (gathers a
// batch, then ends it). Operators never read a clock, save state to disk or start threads: time comes with the tick,
// memory is theirs, the engine does the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/data/chunk.h"
#include "engine/expr/eval.h"

namespace sr {
class Logger;
class Metrics;
class Programs;
}  // namespace sr

namespace sr::flow {

using PortIndex = std::uint32_t;  // output port: 0 is the node itself, then as listed in the bound node
inline constexpr PortIndex kMainPort = 0;

// A loaded dataset; a new version is a new object.
struct DatasetVersion {
  std::uint64_t version = 0;
  SchemaRef schema;
  std::vector<Chunk> chunks;
};

// What nodes that are no function of their input were told from outside in the present batch. The log keeps it, so that
// the batch gives the same rows when it is run again. Thread: the engine's.
class Answers {
 public:
  virtual ~Answers() = default;
  // What the node was told when the batch ran before; nothing: it is to ask.
  virtual std::optional<std::string> told(std::string_view node) = 0;
  virtual void keep(std::string_view node, std::string_view answer) = 0;
};

// What an operator may use of the outside. In job tests there is nothing of it but `answers`.
struct Services {
  Programs* programs = nullptr;
  Logger* log = nullptr;
  Metrics* metrics = nullptr;
  Answers* answers = nullptr;  // never null while batches run
};

// What a node sees of the batch. Shared by all workers; valid for the call.
struct BatchContext {
  Tick tick;
  std::uint64_t seed = 0;  // of job and batch, for rand()
  std::int64_t watermark =
      kNoWatermark;  // µs; event time of the node's inputs: during the batch as it was before it, in end_batch after it
  std::int64_t watermark_before = kNoWatermark;
  std::vector<std::shared_ptr<const DatasetVersion>> datasets;  // per input; null where the input is a stream
  bool inputs_ended = false;                                    // all of the node's sources have ended
  const Services* services = nullptr;                           // never null while the job runs
  // Runs fn(0) … fn(n-1) on the workers and waits; the caller takes part. Only in end_batch.
  std::function<void(std::size_t n, const std::function<void(std::size_t)>& fn)> parallel;
};

// Takes what an operator hands on. One per call; not shared between threads.
class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual void emit(Chunk chunk, PortIndex port = kMainPort) = 0;
  // Applies the node's `on_error` to failed rows of `chunk`: counts, routes to `<id>.errors`, or fails the batch.
  // Returns false if the batch has failed: stop working. `kept` gets the live rows that did not fail.
  virtual bool drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) = 0;
  // The same for one failure that has no row of input (an aggregate of a group): `payload` is JSON of what there is.
  virtual bool fail_row(std::string_view payload, std::string_view message) = 0;
  // True if somebody reads the port: what nobody reads need not be made.
  virtual bool is_read(PortIndex port) const = 0;
};

// The shape of a node's state: what must be the same for a saved state to fit.
struct StateShape {
  std::vector<Field> fields;    // key columns, then state columns
  std::size_t key_columns = 0;  // how many of the fields are the key
  std::string detail;           // anything else that it depends on
};

// Rows of a state as a person reads them. The first `key_columns` tell the rows of the node apart, the others are what
// is kept. The chunk's event time, where there is one, is that of a kept row, or when the key had its last row.
struct StateRows {
  Chunk rows;
  std::size_t key_columns = 0;
};
using StateReader = std::function<void(const StateRows&)>;

class Operator {
 public:
  virtual ~Operator() = default;
  // Called once a batch before any row of it, on one thread.
  virtual Status begin_batch(const BatchContext& context) { return {}; }
};

class Stateless : public Operator {
 public:
  // Handles one chunk; any worker, several at once.
  virtual Status process(const Chunk& chunk, const BatchContext& context, Emitter& out) const = 0;
};

// What a Breaker gathered from one morsel of one input. Made by partial(), filled by one worker.
class Partial {
 public:
  virtual ~Partial() = default;
};

// A filled partial with its place: partials come ordered by input, then by ordinal (lane, morsel).
struct PlacedPartial {
  std::uint32_t input = 0;
  std::unique_ptr<Partial> partial;
};

// Work that needs the whole batch: by-key, joins, windows, state, sort, limit. Rows accumulate into partials on any
// worker, already while the interval runs; the tick ends the batch. Results depend on the rows and their order only.
class Breaker : public Operator {
 public:
  virtual std::unique_ptr<Partial> partial(std::uint32_t input) const = 0;
  // Adds a chunk to a partial; chunks of a morsel come in order. `errors` serves drop_failed only.
  virtual Status accumulate(Partial& partial, const Chunk& chunk, const BatchContext& context,
                            Emitter& errors) const = 0;
  // True: accumulating several morsels that follow one another (no other morsel of the input between them) into one
  // partial, in order, gives the same bytes as one partial each. One worker then uses one partial; several may each
  // take a run of neighbouring morsels.
  virtual bool partials_join() const { return false; }
  // Ends the batch; called in every batch that the node's INPUTS have (see NodeTiming), also without rows. Emits in
  // order. A windowed node has batches of its own only at its slides (its own NodeTiming) and emits only then, but must
  // see every batch of its inputs to build panes.
  virtual Status end_batch(const BatchContext& context, std::span<PlacedPartial> partials, Emitter& out) = 0;

  // Asked after a batch that brought no input: true if it left the state as it was. Such a batch is not logged and not
  // run again, so an idle job writes nothing. Rows that it gave are looked at apart.
  virtual bool settled() const { return !has_state(); }

  // State between batches. `snapshot` appends a self-describing binary form; `restore` takes it into a fresh operator.
  virtual bool has_state() const { return false; }
  virtual void snapshot(std::string& out) const {}
  virtual Status restore(std::string_view in) { return {}; }
  // Takes in a state that was saved under another shape, where the difference is only state columns that came (they
  // begin with their initial value) or went. An error: this operator cannot.
  virtual Status migrate(std::string_view in, const StateShape& saved) {
    return Error{"the state has another shape", false, "shape"};
  }
  // Gives the whole state to `read`, chunk by chunk, in the same order each time; the schema may differ from chunk to
  // chunk. `tick` is the batch behind which the state stands. Called once, right after `restore` and instead of any
  // batch: the operator may take its state apart. Every operator with a state has one.
  virtual void list_state(const Tick& tick, const StateReader& read) {}
  virtual std::size_t state_bytes() const { return 0; }
  virtual std::uint64_t state_keys() const { return 0; }
};

// A partial that keeps the chunks as they come (with the memory they view). For operators that need the rows.
class ChunksPartial final : public Partial {
 public:
  std::vector<Chunk> chunks;
};

}  // namespace sr::flow
