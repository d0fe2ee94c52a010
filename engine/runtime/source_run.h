// SourceRun: decodes parts of one source's morsels and pushes the rows on, on one thread. Entry points:
// SourceRun::feed, first_failing_row. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/runtime/file_reader.h"
#include "engine/runtime/morsel.h"
#include "engine/runtime/push_run.h"

namespace sr::runtime {

class SourceRun final : public flow::DecodeSink {
 public:
  SourceRun(PushRun& run, std::uint32_t node, flow::BufferPool& buffers);

  void begin_morsel(std::uint64_t index);
  // Decodes a part and pushes its rows. False: the batch has failed.
  bool feed(const flow::InputPiece& part);
  // Pushes what was kept back (rejected records).
  void end_morsel();

  std::int64_t max_event_us() const { return max_event_us_; }  // kNoWatermark if none was seen
  std::int64_t rows() const { return rows_; }

  void chunk(Chunk chunk) override;
  void bad_record(std::string_view raw, std::string message) override;

 private:
  const flow::SourceNode& source() const;
  bool stamp(Chunk& chunk);

  PushRun& run_;
  std::uint32_t node_;
  flow::BufferPool& buffers_;
  std::vector<ErrorRow> rejected_;
  std::int64_t max_event_us_ = kNoWatermark;
  std::int64_t rows_ = 0;
};

// Executes a morsel again, record by record and without effects, until the first row in order fails. Nothing if none
// does.
std::optional<Failure> first_failing_row(BatchFrame& frame, std::uint32_t source, const Morsel& morsel,
                                         flow::BufferPool& buffers);
// The same for a chunk that a breaker emitted.
std::optional<Failure> first_failing_row(BatchFrame& frame, const PortPlace& from, const Chunk& chunk);

}  // namespace sr::runtime
