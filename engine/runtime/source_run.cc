#include "engine/runtime/source_run.h"

#include <algorithm>
#include <cstring>

#include "engine/expr/eval.h"

namespace sr::runtime {
namespace {

constexpr std::size_t kRejectedTogether = 1024;

// Pushes single rows of what it is given.
class RowByRow final : public flow::DecodeSink {
 public:
  explicit RowByRow(SourceRun& run) : run_(run) {}
  void chunk(Chunk chunk) override {
    for (std::uint32_t i = 0; i < chunk.live_rows(); ++i) run_.chunk(slice_live(chunk, i, 1));
  }
  void bad_record(std::string_view raw, std::string message) override { run_.bad_record(raw, std::move(message)); }

 private:
  SourceRun& run_;
};

}  // namespace

SourceRun::SourceRun(PushRun& run, std::uint32_t node, flow::BufferPool& buffers)
    : run_(run), node_(node), buffers_(buffers) {}

const flow::SourceNode& SourceRun::source() const {
  return std::get<flow::SourceNode>(run_.frame().graph->nodes[node_].work);
}

void SourceRun::begin_morsel(std::uint64_t index) {
  run_.begin_morsel(index);
}

void SourceRun::end_morsel() {
  if (!rejected_.empty()) run_.reject(node_, 0, std::move(rejected_));
  rejected_.clear();
}

bool SourceRun::feed(const flow::InputPiece& part) {
  if (run_.failure()) return false;
  if (part.raw) {
    run_.counts_of(node_).bytes_in += part.raw->bytes.size();
    source().decoder->decode(*part.raw, *this);
  } else if (part.file) {
    auto piece = read_range(*part.file, source().max_record, buffers_);
    if (!piece.ok()) {
      run_.fail(node_, piece.error());
      return false;
    }
    run_.counts_of(node_).bytes_in += piece->bytes.size();
    if (!piece->bytes.empty()) source().decoder->decode(*piece, *this);
  } else if (part.rows) {
    const Tick& tick = run_.frame().contexts[node_].tick;
    const Status made = source().row_maker->make(part.rows->first, part.rows->count, tick, *this);
    if (!made.ok()) run_.fail(node_, made.error());
  } else if (part.chunk) {
    chunk(*part.chunk);
  }
  return !run_.failure();
}

// Evaluates the event time of each row.
bool SourceRun::stamp(Chunk& chunk) {
  expr::RowErrors errors;
  expr::EvalInput input;
  input.columns = chunk.columns;
  input.rows = chunk.rows;
  input.selection = chunk.selection();
  input.tick = &run_.frame().contexts[node_].tick;
  input.seed = run_.frame().contexts[node_].seed;
  chunk.event_time = expr::evaluate(*source().event_time, input, errors);
  const Reader<std::int64_t> times(*chunk.event_time);
  std::int64_t latest = kNoWatermark;
  input.selection.for_each([&](std::uint32_t row) {
    if (!times.valid(row)) {
      if (!errors.failed(row)) errors.add(row, "the event time is NULL");
    } else if (!errors.failed(row)) {
      latest = std::max(latest, times[row]);
    }
  });
  max_event_us_ = std::max(max_event_us_, latest);
  if (errors.empty()) return true;
  auto kept = std::make_shared<Vec<std::uint32_t>>();
  NodeEmitter emitter(run_, node_, 0, 0);
  if (!emitter.drop_failed(chunk, errors, *kept)) return false;
  chunk.selected = std::move(kept);
  return true;
}

void SourceRun::chunk(Chunk chunk) {
  if (run_.failure()) return;
  rows_ += chunk.live_rows();
  if (source().event_time && !stamp(chunk)) return;
  const std::uint32_t most = run_.frame().chunk_rows;
  const std::uint32_t rows = chunk.live_rows();
  if (rows <= most) {
    run_.push({node_, flow::kMainPort, 0}, chunk);
    return;
  }
  for (std::uint32_t at = 0; at < rows; at += most) {
    if (!run_.push({node_, flow::kMainPort, 0}, slice_live(chunk, at, std::min(most, rows - at)))) return;
  }
}

void SourceRun::bad_record(std::string_view raw, std::string message) {
  if (run_.failure()) return;
  ++rows_;
  rejected_.push_back({std::move(message), readable(raw)});
  const bool at_once = run_.frame().graph->nodes[node_].on_error.action == flow::ErrorAction::fail;
  if (at_once || rejected_.size() >= kRejectedTogether) end_morsel();
}

std::optional<Failure> first_failing_row(BatchFrame& frame, std::uint32_t source, const Morsel& morsel,
                                         flow::BufferPool& buffers) {
  const auto& node = std::get<flow::SourceNode>(frame.graph->nodes[source].work);
  PushRun run(frame, true);
  SourceRun rows(run, source, buffers);
  RowByRow single(rows);
  const bool lines = node.framer && node.framer->splits_at_newlines();
  for (const flow::InputPiece& part : morsel.parts) {
    flow::RawPiece piece;
    if (part.raw) {
      piece = *part.raw;
    } else if (part.file) {
      auto read = read_range(*part.file, node.max_record, buffers);
      if (!read.ok()) return std::nullopt;
      piece = *read;
    } else if (part.chunk) {
      single.chunk(*part.chunk);
    } else if (part.rows) {
      const Status made = node.row_maker->make(part.rows->first, part.rows->count, frame.contexts[source].tick, single);
      if (!made.ok()) return std::nullopt;
    }
    std::string_view rest = piece.bytes;
    while (!rest.empty() && !run.failure()) {
      const void* end = lines ? std::memchr(rest.data(), '\n', rest.size()) : nullptr;
      const std::size_t size =
          end ? static_cast<std::size_t>(static_cast<const char*>(end) - rest.data()) + 1 : rest.size();
      node.decoder->decode({rest.substr(0, size), piece.holder, piece.stream_start}, single);
      piece.stream_start = false;
      rest.remove_prefix(size);
    }
    if (run.failure()) return run.failure();
  }
  return run.failure();
}

std::optional<Failure> first_failing_row(BatchFrame& frame, const PortPlace& from, const Chunk& chunk) {
  PushRun run(frame, true);
  for (std::uint32_t i = 0; i < chunk.live_rows(); ++i) {
    if (!run.push(from, slice_live(chunk, i, 1))) return run.failure();
  }
  return std::nullopt;
}

}  // namespace sr::runtime
