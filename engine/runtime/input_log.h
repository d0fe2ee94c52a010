// InputLog: the log of what was received from sources that cannot replay, and the thread that makes it durable in
// groups. Entry points: InputLog, LoggedSource. Knows nothing of batches. Tested in
// tests/unit/runtime/durable_simulation_test.cc.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/durability/wal.h"
#include "engine/flow/buffer_pool.h"
#include "engine/flow/position.h"
#include "engine/flow/source.h"
#include "engine/loop/event_loop.h"
#include "engine/runtime/background_thread.h"

namespace sr::runtime {

enum class LogSync : std::uint8_t {
  group,  // every group_delay, or when enough has come
  batch,  // before a batch's sinks begin
  none    // written in groups, and nobody waits for it
};

struct InputLogOptions {
  LogSync sync = LogSync::group;
  std::int64_t group_delay_ms = 5;
  std::int64_t max_bytes = std::int64_t{1} << 30;  // of the log
  bool fail_when_full = false;                     // else reading pauses until a snapshot lets some go
  bool background = true;                          // a thread of its own; without it only await() makes durable
};

class InputLog {
 public:
  // More than what may wait to be written.
  static constexpr std::int64_t kReserveBytes = 9 << 20;

  InputLog(std::unique_ptr<durability::Wal> wal, const InputLogOptions& options,
           std::function<void(const Error&)> failed);
  ~InputLog();

  durability::Wal& wal() { return *wal_; }
  bool fails_when_full() const { return options_.fail_when_full; }
  // Appends, and has it made durable soon. Loop thread.
  std::uint64_t append(std::string_view source, std::string_view bytes, std::uint8_t flags);
  // Waits until all that was appended is durable, if the options ask for that. Any thread.
  Status await();
  // Lets go of what no retained snapshot needs: `standings` are those of its logged sources.
  Status recycle(const std::map<std::string, flow::Position>& standings);
  // Counts a source of the log.
  void add_source(const std::string& id) { sources_.push_back(id); }
  // False: what a crash has taken from the log may be missing (`fsync: none`).
  bool keeps_everything() const { return options_.sync != LogSync::none; }
  // Half of the room is used, or the disk is full: a snapshot would let some go.
  bool wants_snapshot() const;
  // The disk is full, and a snapshot would let some go even if nothing has happened since the last one, which is kept
  // beside older ones.
  bool short_of_room() const { return wal_->low() && wal_->segments() > 1; }
  // So much waits to be written that the sources must wait, too.
  bool behind() const { return thread_.started() && wal_->pending_bytes() >= kMostPending; }
  static constexpr std::int64_t kMostPending = 4 << 20;

 private:
  void work();

  std::unique_ptr<durability::Wal> wal_;
  InputLogOptions options_;
  std::function<void(const Error&)> failed_;
  std::vector<std::string> sources_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::int64_t unsynced_ = 0;
  bool stopping_ = false;
  BackgroundThread thread_;
};

// A source whose input goes through the log: what it gives is appended before it is handed on, and a replay reads the
// log. What an earlier run has logged and no batch has taken comes first. Positions are sequence numbers of the log.
class LoggedSource final : public flow::Source {
 public:
  // `live`: false: only replays, the source itself is never opened.
  LoggedSource(std::unique_ptr<flow::Source> source, InputLog& log, bool live);

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override;
  Result<flow::SourceSlice> replay(const flow::Position& until) override;
  // What others have logged since is nothing that this source has to read again.
  flow::Position standing() const override {
    return std::to_string(opened_ ? std::max(sequence_, log_.wal().next_sequence() - 1) : sequence_);
  }
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override;
  bool ended() const override { return opened_ && sequence_ >= logged_before_ && source_->ended(); }
  std::int64_t queued_bytes() const override { return opened_ ? source_->queued_bytes() : 0; }
  void pause() override;
  void resume() override;
  void stop() override;
  void close() override;
  flow::Progress progress() const override { return source_->progress(); }

  // True if the log holds the input up to a position.
  static bool holds(InputLog& log, const flow::Position& position);

 private:
  std::unique_ptr<flow::Source> source_;
  InputLog& log_;
  Status read_log(std::uint64_t last, flow::SourceSlice& slice);
  Status take_logged(const flow::Budget& budget, flow::SourceSlice& slice);
  Status wait_for_room();
  void look_again();

  bool live_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::unique_ptr<Timer> later_;
  std::uint64_t sequence_ = 0;       // up to which this source's records were handed on
  std::uint64_t logged_before_ = 0;  // of the last record that an earlier run has logged
  bool opened_ = false;
  bool blocked_ = false;  // the log is full, or its disk
  bool paused_ = false;
  bool stopped_ = false;
};

// Whether a position is that of a source that is logged: a number, or empty.
inline bool is_place_in_log(const flow::Position& position) {
  return position.find_first_not_of("0123456789") == std::string::npos;
}

// A source that cannot replay, in a job without a log: what a crash has taken from it is gone.
class UnloggedSource final : public flow::Source {
 public:
  explicit UnloggedSource(std::unique_ptr<flow::Source> source) : source_(std::move(source)) {}
  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    if (resume_from && !is_place_in_log(*resume_from)) return flow::foreign_position(context.id);
    standing_ = resume_from.value_or("");
    return source_->open(context, std::nullopt);
  }
  // Where it stood in a log that the job has had before, and may have again.
  flow::Position standing() const override { return standing_; }
  Result<flow::SourceSlice> replay(const flow::Position&) override { return flow::SourceSlice{}; }
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override { return source_->poll(budget); }
  bool ended() const override { return source_->ended(); }
  std::int64_t queued_bytes() const override { return source_->queued_bytes(); }
  void pause() override { source_->pause(); }
  void resume() override { source_->resume(); }
  void stop() override { source_->stop(); }
  void committed(const flow::Position& position) override { source_->committed(position); }
  void close() override { source_->close(); }
  flow::Progress progress() const override { return source_->progress(); }

 private:
  std::unique_ptr<flow::Source> source_;
  flow::Position standing_;
};

}  // namespace sr::runtime
