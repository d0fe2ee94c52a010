#include "engine/runtime/input_log.h"

#include <algorithm>
#include <chrono>

#include "engine/observe/log.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kGroupBytes = 256 << 10;  // appended and not yet durable: worth a write before the delay is over
constexpr std::chrono::milliseconds kRoomCheck(500);
constexpr std::int64_t kLookAgainUs = 5'000;
constexpr std::uint8_t kStreamStart = 1;  // a record's flag

}  // namespace

InputLog::InputLog(std::unique_ptr<durability::Wal> wal, const InputLogOptions& options,
                   std::function<void(const Error&)> failed)
    : wal_(std::move(wal)), options_(options), failed_(std::move(failed)) {
  if (options_.background && options_.sync != LogSync::batch) thread_.start([this] { work(); });
}

InputLog::~InputLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::uint64_t InputLog::append(std::string_view source, std::string_view bytes, std::uint8_t flags) {
  const std::uint64_t sequence = wal_->append(source, bytes, flags);
  if (!thread_.started()) return sequence;
  const std::lock_guard lock(mutex_);
  const bool first = unsynced_ == 0;
  const bool many = unsynced_ < kGroupBytes && unsynced_ + static_cast<std::int64_t>(bytes.size()) >= kGroupBytes;
  unsynced_ += static_cast<std::int64_t>(bytes.size()) + 1;
  if (first || many) wake_.notify_all();
  return sequence;
}

void InputLog::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto something = [&] { return stopping_ || unsynced_ > 0; };
    if (!wal_->low()) {
      wake_.wait(lock, something);
    } else if (!wake_.wait_for(lock, kRoomCheck, something)) {
      lock.unlock();
      wal_->relieve();
      lock.lock();
      continue;
    }
    wake_.wait_for(lock, std::chrono::milliseconds(options_.group_delay_ms),
                   [&] { return stopping_ || unsynced_ >= kGroupBytes; });
    if (stopping_) return;
    unsynced_ = 0;
    lock.unlock();
    const Status synced = wal_->sync();
    const bool full = !synced.ok() && synced.error().code == "ENOSPC";  // who waits for it waits for room
    if (!synced.ok() && !full) failed_(synced.error());
    lock.lock();
    if (!synced.ok() && !full) return;
  }
}

Status InputLog::await() {
  if (!keeps_everything() && options_.background) return {};
  wal_->relieve();
  return wal_->sync();
}

bool InputLog::wants_snapshot() const {
  return wal_->used_bytes() > options_.max_bytes / 2 || short_of_room();
}

Status InputLog::recycle(const std::map<std::string, flow::Position>& standings) {
  std::uint64_t least = UINT64_MAX;
  for (const std::string& id : sources_) {
    const auto found = standings.find(id);
    least = std::min(least, found == standings.end() ? 0 : durability::sequence_of(found->second));
  }
  return least == 0 || least == UINT64_MAX ? Status{} : wal_->recycle(least);
}

LoggedSource::LoggedSource(std::unique_ptr<flow::Source> source, InputLog& log, bool live)
    : source_(std::move(source)), log_(log), live_(live) {}

// The source itself is opened by the first poll: what is replayed comes before what it brings.
Status LoggedSource::open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) {
  context_ = context;
  if (resume_from && !is_place_in_log(*resume_from)) return flow::foreign_position(context.id);
  if (resume_from) sequence_ = durability::sequence_of(*resume_from);
  sequence_ = std::max(sequence_, std::max<std::uint64_t>(log_.wal().first_sequence(), 1) - 1);
  logged_before_ = log_.wal().durable_sequence();
  return {};
}

bool LoggedSource::holds(InputLog& log, const flow::Position& position) {
  return !log.keeps_everything() || durability::sequence_of(position) <= log.wal().durable_sequence();
}

// Hands out this source's records behind `sequence_`, up to `last`.
Status LoggedSource::read_log(std::uint64_t last, flow::SourceSlice& slice) {
  SR_TRY(log_.wal().read(sequence_ + 1, last, [&](const durability::WalRecord& record) {
    if (record.source != context_.id && record.source != context_.was) return Status{};
    const std::shared_ptr<Vec<char>> bytes = pool_.take();
    bytes->reserve(record.bytes.size() + kReadablePadding);
    bytes->append(record.bytes.data(), record.bytes.size());
    slice.bytes += static_cast<std::int64_t>(bytes->size());
    const std::string_view view(bytes->data(), bytes->size());
    slice.pieces.emplace_back().raw = flow::RawPiece{view, bytes, (record.flags & kStreamStart) != 0};
    return Status{};
  }));
  sequence_ = last;
  return {};
}

Result<flow::SourceSlice> LoggedSource::replay(const flow::Position& until) {
  flow::SourceSlice slice;
  std::uint64_t last = durability::sequence_of(until);
  if (!log_.keeps_everything()) last = std::min(last, log_.wal().durable_sequence());
  slice.position = until;
  if (last > sequence_) SR_TRY(read_log(last, slice));
  return slice;
}

// One record of the log at a time: a budget in records holds back whole pieces only.
Status LoggedSource::take_logged(const flow::Budget& budget, flow::SourceSlice& slice) {
  std::int64_t records = 0;
  while (sequence_ < logged_before_ && slice.bytes < budget.bytes && records < budget.records) {
    const std::size_t pieces = slice.pieces.size();
    SR_TRY(read_log(sequence_ + 1, slice));
    if (slice.pieces.size() == pieces) continue;
    const std::string_view bytes = slice.pieces.back().raw->bytes;
    records += std::count(bytes.begin(), bytes.end(), '\n');
  }
  slice.records = records;
  slice.more = true;
  slice.position = std::to_string(sequence_);
  return {};
}

Status LoggedSource::wait_for_room() {
  const bool full = log_.wal().full();
  if (full && log_.fails_when_full())
    return Error{"the log of received input is full (`wal.max_size`), and `on_full: fail` is set", false, "full"};
  if (blocked_) return {};
  if (full && context_.log)
    context_.log->warn("the log of received input is full: reading waits for a snapshot", {{"source", context_.id}});
  source_->pause();
  blocked_ = true;
  return {};
}

void LoggedSource::look_again() {
  if (!later_) later_ = context_.loop->timer([this] { context_.wake(); });
  later_->arm(context_.loop->clock().monotonic_us() + kLookAgainUs);
}

Result<flow::SourceSlice> LoggedSource::poll(const flow::Budget& budget) {
  flow::SourceSlice slice;
  slice.position = std::to_string(sequence_);
  if (!live_) return slice;
  if (sequence_ < logged_before_) {
    SR_TRY(take_logged(budget, slice));
    return slice;
  }
  if (!opened_) {
    opened_ = true;
    SR_TRY(source_->open(context_, std::nullopt));
    if (paused_) source_->pause();
    if (stopped_) source_->stop();
  }
  if (log_.wal().low() && stopped_ && source_->queued_bytes() > 0)
    return Error{"the disk of the input log is full: " + std::to_string(source_->queued_bytes()) +
                     " bytes that were received are not logged and lost with this stop",
                 false, "full"};
  if ((log_.wal().full() || log_.wal().low()) && !stopped_) {
    SR_TRY(wait_for_room());
    slice.more = source_->queued_bytes() > 0;
    return slice;
  }
  if (log_.behind() && !stopped_) {
    look_again();
    slice.more = true;
    return slice;
  }
  if (std::exchange(blocked_, false) && !paused_) source_->resume();
  flow::Budget bounded = budget;
  bounded.bytes = std::min(bounded.bytes, InputLog::kMostPending);
  auto polled = source_->poll(bounded);
  if (!polled.ok()) return polled.error();
  for (const flow::InputPiece& piece : polled->pieces) {
    if (!piece.raw) return Error{"source `" + context_.id + "` gives no raw input, which is what a log can keep"};
    sequence_ = log_.append(context_.id, piece.raw->bytes, piece.raw->stream_start ? kStreamStart : 0);
  }
  // All that the log holds of this source was handed on: where it stands must not keep old segments of other sources.
  sequence_ = log_.wal().next_sequence() - 1;
  polled->position = std::to_string(sequence_);
  return polled;
}

void LoggedSource::pause() {
  paused_ = true;
  if (opened_ && !blocked_) source_->pause();
}

void LoggedSource::resume() {
  paused_ = false;
  if (opened_ && !blocked_) source_->resume();
}

void LoggedSource::stop() {
  stopped_ = true;
  if (opened_) source_->stop();
}

void LoggedSource::close() {
  later_.reset();
  if (opened_) source_->close();
}

}  // namespace sr::runtime
