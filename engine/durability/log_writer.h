// LogWriter: appends records to the last segment of a log. Appending copies into memory; sync() writes what has come as
// one group and syncs the file. At any time at most one group is not yet durable, and it is the last one: that is what
// lets recovery tell a torn tail from damage. Knows nothing of what records mean. Tested in
// tests/unit/durability/log_writer_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/durability/segment.h"

namespace sr::durability {

struct LogWriterOptions {
  LogFiles files;
  std::int64_t step = 1 << 16;  // by which files grow; with `fixed` their whole size
  bool fixed = false;  // a group that does not fit begins a new segment, a small one where the disk has no room
};

// Thread: any, all methods.
class LogWriter {
 public:
  // Begins a log, or a new part of one, with a fresh segment. Durable when it returns.
  static Result<std::unique_ptr<LogWriter>> create(const LogWriterOptions& options, const SegmentHeader& header);
  // Goes on in the last segment, as it was scanned.
  static Result<std::unique_ptr<LogWriter>> resume(const LogWriterOptions& options, const SegmentScan& last);

  // Adds a record in memory, with the payload `head` and then `rest`, and gives its sequence.
  std::uint64_t append(RecordType type, std::uint8_t flags, std::string_view head, std::string_view rest = {});
  // Writes what has come, without a sync, so that it outlives the process. Promises nothing: the next sync writes it
  // again.
  void flush();
  // Makes durable what was appended before the call. A full disk gives an error with code "ENOSPC"; nothing is lost
  // then and the call may be repeated. When a sync fails the file is never synced again: the group goes to a new
  // segment, once. Any other error is final.
  Status sync();
  // Syncs, then begins a new segment. After an error with code "ENOSPC" the log goes on in the old one.
  Status rotate();

  std::uint64_t segment() const { return segment_; }
  std::uint64_t durable_sequence() const { return durable_; }  // of the last durable record
  std::uint64_t next_sequence() const;
  std::int64_t pending_bytes() const;  // appended and not yet durable
  // Where the durable part ends, for readers of the live segment.
  struct Tail {
    std::uint64_t segment = 0;
    LogEnd end;
  };
  Tail tail() const;
  // Hands over a file that new segments may take instead of growing one; its bytes are of no use to anybody.
  void add_spare(std::string path);
  std::size_t spares() const;  // not taken yet
  // True when a segment had to be a small one, since the last call.
  bool took_small() { return took_small_.exchange(false); }

 private:
  LogWriter(LogWriterOptions options, std::unique_ptr<File> file, std::uint64_t segment, const LogEnd& end);

  void take_pending();
  Status write_out();
  Status write_group();
  // Seals unsynced_ for a place and sets after_.
  std::string_view seal_unsynced(std::uint64_t segment, const LogEnd& at);
  Status grow(std::int64_t needed);
  // Begins the next segment behind end_, with the group that is not durable yet.
  Status next_segment();
  Status begin_segment(std::int64_t step);
  Result<std::unique_ptr<File>> make_file(const std::string& path, std::int64_t size);
  void settle();
  void write_mark(bool closed);

  const LogWriterOptions options_;

  mutable std::mutex append_mutex_;
  GroupBuilder pending_;
  std::uint64_t next_sequence_ = 1;

  mutable std::mutex file_mutex_;  // taken before append_mutex_
  std::unique_ptr<File> file_;
  std::int64_t file_bytes_ = 0;
  std::int64_t step_ = 0;  // of this file, which an earlier run may have made with another one
  std::int64_t mark_offset_ = 0;
  std::atomic<std::uint64_t> segment_ = 0;
  LogEnd end_;                // behind the last durable group
  LogEnd after_;              // behind the group that is not durable yet
  GroupBuilder unsynced_;     // the group that goes to end_
  bool flushed_ = false;      // unsynced_ is in the file already
  bool sync_failed_ = false;  // the file must not be synced again
  std::optional<Error> broken_;
  std::vector<std::string> spares_;
  std::atomic<std::int64_t> unsynced_bytes_ = 0;
  std::atomic<std::uint64_t> durable_ = 0;
  std::atomic<bool> took_small_ = false;
};

// Tells whether an error is that of a full disk, which passes.
bool is_disk_full(const Error& error);

}  // namespace sr::durability
