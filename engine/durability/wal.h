// Wal: the input of sources that cannot replay, as raw bytes in segments of a fixed size. Appending is a copy into
// memory; sync() writes and fdatasyncs everything appended so far as one group, which a crash leaves whole or not at
// all. Segments that no snapshot needs are recycled. Described in docs/formats/wal.md. Tested in tests/unit/durability.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/durability/segment.h"
#include "engine/flow/source.h"
#include "engine/observe/log.h"

namespace sr::durability {

struct WalOptions {
  Environment* env = nullptr;
  Logger* log = nullptr;  // may be null
  std::string dir;        // made if it is not there
  std::string folder_id;  // of the checkpoint folder that it belongs to; another's is refused
  std::int64_t segment_bytes = 16 << 20;
  std::int64_t max_bytes = std::int64_t{1} << 30;  // of all segments in use; beyond, full() tells to stop reading
  // Of the next record, at least: behind all that is known to have been logged. A log that ends before has lost records
  // (`fsync: none`, a folder that was removed) and goes on with a gap.
  std::uint64_t least_next = 1;
  std::int64_t reserve_bytes = 0;  // kept free: what was received when the disk is full can still be
                                   // written; as much, or a segment, for the next start; 0: nothing is
};

// The sequence of the last record that a position of a logged source contains; 0: none.
std::uint64_t sequence_of(const flow::Position& position);

// The files of a log.
LogFiles wal_files(const WalOptions& options);

struct WalRecord {
  std::uint64_t sequence = 0;  // 1, 2, …, over all sources
  std::string_view source;
  std::uint8_t flags = 0;  // the source's own
  std::string_view bytes;
};

// Errors as in Store.
class Wal {
 public:
  // Opens the log: cuts a torn tail, after an unclean stop copies the last segment's records into a fresh file. What
  // was cut is said in `notes`. Blocks.
  static Result<std::unique_ptr<Wal>> open(const WalOptions& options, std::vector<std::string>* notes);

  virtual ~Wal() = default;

  // Appends a record in memory and gives its sequence. Any thread.
  virtual std::uint64_t append(std::string_view source, std::string_view bytes, std::uint8_t flags) = 0;
  // Makes durable what was appended before the call. Any thread; calls at the same time share one write.
  virtual Status sync() = 0;
  virtual std::int64_t pending_bytes() const = 0;      // appended and not yet written
  virtual std::uint64_t durable_sequence() const = 0;  // of the last durable record; 0: none yet
  virtual std::uint64_t next_sequence() const = 0;     // of the next record
  virtual std::uint64_t first_sequence() const = 0;    // of the oldest record that is kept

  // Hands out the durable records from … to (both included) in order, all sources, valid for the call; an error of the
  // visitor ends it. An error if some are not there any more. Any thread.
  virtual Status read(std::uint64_t from, std::uint64_t to, const std::function<Status(const WalRecord&)>& visit) = 0;
  // Gives back the segments all of whose records are `upto` or before. Any thread.
  virtual Status recycle(std::uint64_t upto) = 0;

  // True: the segments in use have reached max_bytes; stop taking input until a snapshot lets some go. Any thread.
  virtual bool full() const = 0;
  virtual std::int64_t used_bytes() const = 0;  // of the segments in use
  virtual std::size_t segments() const = 0;     // in use
  // True: the disk is full and the reserve is in use; stop taking input until recycle() or relieve() has got it back.
  // Any thread.
  virtual bool low() const = 0;
  // Tries to get the reserve back, if it is in use. Any thread.
  virtual void relieve() = 0;
};

// Brings a damaged log, whose records up to `contained` no state needs any more, to a log that can be opened: what
// cannot be read goes, with all behind it that is needed. What went is told in `dropped`. Gives the last record that
// may be read. Errors: a log of another folder, or of a newer version.
Result<std::uint64_t> repair_wal(const WalOptions& options, std::uint64_t contained, std::vector<std::string>* dropped);

}  // namespace sr::durability
