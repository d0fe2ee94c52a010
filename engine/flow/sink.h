// Sink: the edge where a batch leaves. Encoding runs on workers; begin … commit run on the job's commit thread, one
// batch at a time, in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/data/chunk.h"
#include "engine/data/codec.h"

namespace sr {
class Logger;
class Metrics;
}  // namespace sr

namespace sr::flow {

// A chunk in the sink's own form. Kept until the batch is committed, so that a retry executes nothing again.
class Encoded {
 public:
  virtual ~Encoded() = default;
};

class EncodedText final : public Encoded {
 public:
  TextBuffer text;
  std::uint64_t rows = 0;
};

// The standard output of the job, as a seam. A closed pipe gives an Error with code "EPIPE".
class StdoutWriter {
 public:
  virtual ~StdoutWriter() = default;
  virtual Status write(std::string_view text) = 0;
};

struct SinkContext {
  Environment* env = nullptr;
  Logger* log = nullptr;
  Metrics* metrics = nullptr;
  StdoutWriter* out = nullptr;
  std::string job;
  std::string id;
  std::string was;         // the id that the sink had before, if it was renamed
  std::string folder_id;   // of the checkpoint folder; empty without one
  std::int64_t epoch = 0;  // start number; a smaller one is fenced off
  // The last batch that the job's journal names as committed to this sink, and the token that came with it.
  std::optional<std::int64_t> last_batch;
  std::string last_token;
  Tick planned;          // the newest batch that the journal has planned: no later one was ever sent; id 0: none
  bool claimed = false;  // this run has opened a sink of this id before
  bool durable = false;  // there is a checkpoint folder: fsync before a batch counts as committed
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status open(const SinkContext& context) = 0;
  // True if the sink holds rows of this batch for good, where it can tell (exactly-once sinks). While it is open, and
  // no batch is begun.
  virtual Result<bool> holds(const Tick& tick) { return false; }
  virtual std::unique_ptr<Encoded> encode(const Chunk& chunk, const Tick& tick) const = 0;  // any worker
  virtual Status begin(const Tick& tick) = 0;
  virtual Status write(const Encoded& encoded) = 0;  // in row order
  // True: it writes to something that a virtual world cannot hold (a database). Job tests capture what it is handed and
  // leave it closed.
  virtual bool reaches_outside() const { return false; }
  // Takes over what the sink holds and this checkpoint folder does not know: of another folder of the same job and
  // sink, or of later batches than this one has planned. A person has asked for it. Called instead of open. Gives a
  // sentence about what was done; empty: there was nothing to do.
  virtual Result<std::string> adopt(const SinkContext& context) { return std::string{}; }
  // Makes the batch visible. Gives a token of at most 4 KiB that recovery hands back with the batch. Idempotent where
  // the sink claims so.
  virtual Result<std::string> commit(const Tick& tick) = 0;
  virtual void abort(const Tick& tick) = 0;  // forgets a batch that was begun
  // Ends the sink, whether its last batch was committed or not. An error: something that was committed did not become
  // visible.
  virtual Status close() = 0;
};

}  // namespace sr::flow
