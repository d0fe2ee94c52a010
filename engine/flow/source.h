// Source: the asynchronous edge of a job. It never decodes and never blocks; it hands out pieces of raw input, ranges
// of files or ranges of rows, with a position that can be resumed from. Thread: the loop thread, all methods.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/flow/format.h"

namespace sr {
class EventLoop;
class Logger;
class Metrics;
}  // namespace sr

namespace sr::flow {

// How much may be taken in one poll. A source stops at the first limit reached, but takes at least one record if there
// is one.
struct Budget {
  std::int64_t records = INT64_MAX;
  std::int64_t bytes = INT64_MAX;
  std::int64_t batch = 0;  // the number of the batch that the slice will belong to; a batch may take several polls
};

// Where a source stands, as its own compact text. Empty: the beginning. Compared only by the source itself.
using Position = std::string;

// A part of a slice. Exactly one of the four forms.
struct InputPiece {
  // Raw bytes that the source has already read.
  std::optional<RawPiece> raw;
  // The records of a file that START in [offset, offset + length). `length` runs to a record's end unless `cut` is set:
  // then the reader goes on to the end of the record that starts last, and skips the end of one that starts before
  // `offset`.
  struct FileRange {
    std::shared_ptr<File> file;
    std::string path;
    std::int64_t offset = 0;
    std::int64_t length = 0;
    bool skip_partial = false;  // offset may be inside a record that belongs to the range before
    bool extend_to_record = false;
    bool stream_start = false;
  };
  std::optional<FileRange> file;
  // Rows first … first + count - 1 of a generator; the node's RowMaker makes them.
  struct RowRange {
    std::int64_t first = 0;
    std::int64_t count = 0;
  };
  std::optional<RowRange> rows;
  std::optional<Chunk> chunk;
  std::int64_t ingest_us = 0;  // monotonic time of arrival of the oldest byte; 0 unknown
};

struct SourceSlice {
  std::vector<InputPiece> pieces;
  std::int64_t bytes = 0;     // raw input
  std::int64_t records = -1;  // -1: not counted before decoding
  Position position;          // behind this slice
  bool more = false;          // the budget stopped it: more is there now
};

// How far a bounded source is, for the progress line.
struct Progress {
  std::int64_t done_bytes = 0;
  std::int64_t total_bytes = 0;  // 0: unknown
};

struct SourceContext {
  EventLoop* loop = nullptr;
  Environment* env = nullptr;
  Logger* log = nullptr;
  Metrics* metrics = nullptr;
  std::string id;
  std::string was;                       // the id that the source had before, if it was renamed
  std::shared_ptr<const Framer> framer;  // of the node's format; null for sources without raw input
  std::int64_t max_record = 1 << 20;
  bool available_now = false;       // drain what is there at open, then end
  std::function<void()> wake;       // call when data has come or the source has ended (eager jobs, idle jobs)
  std::function<void(Error)> fail;  // the job must stop: exit 4
};

class Source {
 public:
  virtual ~Source() = default;
  // `resume_from`: what standing() gave in an earlier run; nothing: the beginning.
  virtual Status open(const SourceContext& context, const std::optional<Position>& resume_from) = 0;
  // Hands out again exactly what lies between where the source stands and `until`, the position of a slice that it gave
  // in an earlier run. Called in order, after open and before the first poll. An error: the input is not there as it
  // was.
  virtual Result<SourceSlice> replay(const Position& until) {
    return Error{"its input cannot be read again: it is not kept", false, "ENOTSUP"};
  }
  // All that open needs to go on behind what was handed out; may be larger than a position, which only tells what came
  // since the one before.
  virtual Position standing() const { return {}; }
  // Cuts: gives what has come since the last poll, within the budget.
  virtual Result<SourceSlice> poll(const Budget& budget) = 0;
  // True when nothing will come behind what was polled.
  virtual bool ended() const = 0;
  // Bytes received and not yet polled: counts against the job's memory.
  virtual std::int64_t queued_bytes() const { return 0; }
  // Stops and restarts reading from outside; TCP then pushes back.
  virtual void pause() {}
  virtual void resume() {}
  // Takes no new input from now on (a drain): what was received stays pollable.
  virtual void stop() = 0;
  // What was read up to `position`, of a slice or of standing(), is committed and never asked for again: it may go.
  virtual void committed(const Position& position) {}
  virtual Progress progress() const { return {}; }
  virtual void close() = 0;
};

// Makes the rows of a generator; any worker.
class RowMaker {
 public:
  virtual ~RowMaker() = default;
  virtual Status make(std::int64_t first, std::int64_t count, const Tick& tick, DecodeSink& out) const = 0;
};

}  // namespace sr::flow
