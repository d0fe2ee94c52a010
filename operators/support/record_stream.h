// RecordStream: the bytes of one connection or pipe on their way to pieces of whole records. Reads go straight into
// large buffers that the pieces share; the beginning of a record that is not complete stays. A record longer than
// max_record is cut, never kept. Entry point: RecordStream. Loop thread. Tested in
// tests/unit/operators/record_stream_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/flow/buffer_pool.h"
#include "engine/flow/source.h"
#include "engine/loop/event_loop.h"

namespace sr::operators {

// Where a prefix of records ends, and how many it has.
struct RecordPrefix {
  std::size_t bytes = 0;
  std::int64_t records = -1;  // -1: not counted
};

// Gives the longest prefix of whole records within the budget, but at least one record if there is one.
RecordPrefix take_records(const flow::Framer& framer, std::string_view bytes, const flow::Budget& budget);

class RecordStream {
 public:
  // `from_start`: the first bytes are those of the stream, where a csv header stands.
  RecordStream(const flow::Framer& framer, std::int64_t max_record, flow::BufferPool& pool, bool from_start = true);

  // Gives room for the next read, at least 16 KiB.
  WriteSpace room();
  void filled(std::size_t size, std::int64_t now_us);
  // Says that nothing follows: what is left is the last record.
  void end() { ended_ = true; }

  // Appends pieces within the budget and lowers it by what they hold. True if more is there.
  bool take(flow::Budget& budget, flow::SourceSlice& slice);
  // Skips the end of a record that began before the first byte.
  void begin_inside() { skipping_ = started_ = true; }
  // Bytes of the stream up to the end of what was taken, with those that were skipped there.
  std::int64_t taken_bytes() const { return taken_; }
  // True if what was taken ends inside a record that was cut.
  bool inside_record() const { return skipping_ && queued_ == 0; }
  // Bytes that are there, complete or not.
  std::int64_t queued_bytes() const { return queued_; }
  bool ended() const { return ended_; }
  // True if nothing is left to take and nothing follows.
  bool exhausted() const { return ended_ && queued_ == 0; }

 private:
  struct Stretch {
    std::shared_ptr<Vec<char>> buffer;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::int64_t since_us = 0;
    std::int64_t skipped = 0;  // bytes of the stream behind it that nobody gets
    std::string_view view() const { return {buffer->data() + begin, end - begin}; }
  };
  void start_buffer(std::size_t size);
  void seal();
  void make_gap();
  void cut_long_record();
  void skip(std::int64_t bytes);
  bool take_from(Stretch& stretch, flow::Budget& budget, flow::SourceSlice& slice, bool whole);

  const flow::Framer& framer_;
  std::int64_t max_record_;
  flow::BufferPool& pool_;
  std::vector<Stretch> sealed_;  // whole records only
  Stretch open_;                 // being filled
  std::int64_t queued_ = 0;
  std::int64_t taken_ = 0;
  bool skipping_ = false;  // inside a record that was cut: wait for its end
  bool started_ = false;   // the first piece was given
  bool ended_ = false;
};

}  // namespace sr::operators
