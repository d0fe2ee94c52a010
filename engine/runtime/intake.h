// Intake: reads a job's sources into the open batch, within what the batch, the memory and each source's rate allow,
// and stops them from reading when the job is behind. Entry point: Intake. Loop thread. Knows nothing of ticks and
// commits. Tested in tests/unit/runtime/job_test.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/loop/event_loop.h"
#include "engine/observe/metrics.h"
#include "engine/runtime/engine_thread.h"

namespace sr::runtime {

struct IntakeOptions {
  EventLoop* loop = nullptr;
  Environment* env = nullptr;
  Logger* log = nullptr;
  Metrics* metrics = nullptr;
  bool available_now = false;
  bool resumes = false;                     // a later run goes on where this one stops
  bool ticks = false;                       // batches end at ticks: what one source leaves is given to others then
  std::optional<std::int64_t> max_records;  // of one batch over all sources, which share it
  std::optional<std::int64_t> max_bytes;
  std::int64_t max_memory = std::int64_t{1} << 30;  // received and not yet executed, and the state
  std::function<std::int64_t()> unlogged_bytes;     // handed on and not yet durable in the log; null: there is no log
  std::function<void()> wake;                       // something came, or a source has ended
  std::function<void(Failure)> fail;
};

class Intake {
 public:
  Intake(flow::Graph& graph, EngineThread& engine, IntakeOptions options);

  // `standings`: where sources stood when the run before stopped.
  Status open(const std::map<std::string, flow::Position>& standings);
  // Pauses the sources until the next regulate(): what is to be read is not known yet.
  void hold();
  // Begins a batch with fresh limits; what is read from now on belongs to it.
  void begin_batch(const Tick& tick);
  // Bounds what every batch from the next one on takes of a source; for back-pressure. At least one record is read.
  void limit_records(std::uint32_t source, std::int64_t records);
  // Leaves less memory for input, from the next batch on: the state of the nodes holds so much.
  void state_holds(std::int64_t bytes);
  // Reads what is there and may be read; true if anything was handed to the engine.
  bool read();
  // Reads what was received before this moment, for the cut.
  void read_received();
  // Pauses or resumes the sources as memory allows; `held` keeps them paused when it is short.
  void regulate();

  bool batch_full() const { return records_left_ <= 0 || bytes_left_ <= 0; }
  bool batch_has_input() const { return has_input_; }
  // True if a source keeps what it has for the next batch.
  bool wants_next_batch() const;
  // True if every source has ended by itself and everything was read.
  bool all_ended() const;
  // The sources whose event time has ended since the last call: nothing comes from them any more, in no later run.
  std::vector<std::uint32_t> newly_ended();
  // Bytes that wait in the sources; of a source that shows none, unknown.
  std::int64_t queued_bytes() const;
  // Milliseconds until a source may go on that its rate holds back now; 0: none.
  std::int64_t rate_wait_ms() const { return rate_wait_ms_; }
  // What the sources that were asked gave as the open batch's positions.
  std::map<std::string, flow::Position> positions() const;
  // Where each source stands.
  std::map<std::string, flow::Position> standings() const;

  // The sources take nothing new; what was received can still be read.
  void stop();
  bool stopped() const { return stopped_; }
  void committed(const std::map<std::string, flow::Position>& positions);
  // The sinks have this batch and those before it.
  void batch_done(std::int64_t batch);
  // Sets the metric of what a crash would lose now.
  void measure();
  flow::Progress progress() const;
  void close();

 private:
  struct Feed {
    std::uint32_t node = 0;
    flow::Source* source = nullptr;
    std::string id;
    double max_rate = 0;
    double tokens = 0;
    std::int64_t tokens_us = 0;
    flow::Position position;         // of the open batch; empty: it was not asked
    std::int64_t most = INT64_MAX;   // records of a batch, for back-pressure
    std::int64_t left = INT64_MAX;   // of `most` in the open batch
    std::int64_t share = INT64_MAX;  // left of what the batch has for it
    bool more = false;               // the last poll left something behind
    bool holds_back = false;         // it has more, but not for this batch
    bool ended_told = false;
    Gauge* exposed = nullptr;                   // null: a crash takes nothing of it
    std::map<std::int64_t, std::int64_t> open;  // of an exposed one: bytes by batch that is not committed
  };
  bool poll(Feed& feed);
  void share_records();
  std::int64_t records_for(const Feed& feed) const;
  std::int64_t allowed_by_rate(Feed& feed);
  bool engine_has_room();

  flow::Graph& graph_;
  EngineThread& engine_;
  IntakeOptions options_;
  std::vector<Feed> feeds_;
  Tick tick_;
  std::int64_t records_left_ = INT64_MAX;
  std::int64_t bytes_left_ = INT64_MAX;
  std::int64_t memory_limit_ = 0;         // of input
  std::int64_t engine_limit_ = 0;         // of what is handed to the engine
  std::int64_t batch_limit_ = INT64_MAX;  // bytes of a batch while memory is short
  std::int64_t rate_wait_ms_ = 0;
  bool has_input_ = false;
  bool paused_ = false;
  bool stopped_ = false;
  bool failed_ = false;
};

}  // namespace sr::runtime
