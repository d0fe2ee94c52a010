#include "engine/runtime/intake.h"
#include "engine/runtime/source_context.h"

#include <algorithm>

namespace sr::runtime {
namespace {

constexpr std::int64_t kSliceBytes = 8 << 20;      // of one poll
constexpr std::int64_t kEngineBytes = 64 << 20;    // handed to the engine and not yet executed
constexpr std::int64_t kBufferedBytes = 64 << 20;  // received and not yet handed on; more would only be cold memory
constexpr std::int64_t kRowBytes = 32;             // what a generated row counts for
constexpr std::int64_t kRateStepMs = 20;
constexpr std::int64_t kLeastBytes = 1 << 20;  // of input, however much the state holds

std::int64_t charge_of(const flow::SourceSlice& slice) {
  std::int64_t charge = slice.bytes;
  for (const flow::InputPiece& piece : slice.pieces) {
    if (piece.rows) charge += piece.rows->count * kRowBytes;
    if (piece.chunk) charge += piece.chunk->live_rows() * kRowBytes;
  }
  return charge;
}

}  // namespace

Intake::Intake(flow::Graph& graph, EngineThread& engine, IntakeOptions options)
    : graph_(graph),
      engine_(engine),
      options_(std::move(options)),
      memory_limit_(std::min(options_.max_memory, kBufferedBytes + kEngineBytes)),
      engine_limit_(std::min(options_.max_memory, kEngineBytes)) {}

// Where the state takes more than half of the memory, batches shrink with what it leaves: what they make of their input
// lies beside it.
void Intake::state_holds(std::int64_t bytes) {
  const std::int64_t room = std::max(kLeastBytes, options_.max_memory - bytes);
  memory_limit_ = std::min(room, kBufferedBytes + kEngineBytes);
  engine_limit_ = std::min(room, kEngineBytes);
  batch_limit_ = bytes > options_.max_memory / 2 ? room / 2 : INT64_MAX;
}

Status Intake::open(const std::map<std::string, flow::Position>& standings) {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    auto* node = std::get_if<flow::SourceNode>(&graph_.nodes[i].work);
    if (!node) continue;
    Feed feed;
    feed.node = i;
    feed.source = node->source.get();
    feed.id = graph_.nodes[i].id;
    feed.max_rate = node->max_rate;
    feed.tokens_us = options_.env->clock->monotonic_us();
    if (!node->replayable && options_.metrics != nullptr)
      feed.exposed = &options_.metrics->gauge("streamrun_source_exposed_bytes",
                                              "Received bytes that a crash would lose: neither logged nor committed.",
                                              {{"source", feed.id}});
    feeds_.push_back(feed);
    flow::SourceContext context;
    context.loop = options_.loop;
    context.env = options_.env;
    context.log = options_.log;
    context.metrics = options_.metrics;
    context.id = feed.id;
    context.was = graph_.nodes[i].was;
    context.framer = node->framer;
    context.max_record = node->max_record;
    context.available_now = options_.available_now;
    context.wake = options_.wake;
    context.fail = [this, id = feed.id](const Error& error) { options_.fail({id, error.message, {}, error.code}); };
    const Status opened = feed.source->open(context, stood_at(standings, feed.id));
    if (!opened.ok()) return Error{"source `" + feed.id + "`: " + opened.error().message, false, opened.error().code};
  }
  return {};
}

void Intake::begin_batch(const Tick& tick) {
  tick_ = tick;
  records_left_ = options_.max_records.value_or(INT64_MAX);
  bytes_left_ = std::min(options_.max_bytes.value_or(INT64_MAX), batch_limit_);
  has_input_ = false;
  for (Feed& feed : feeds_) {
    feed.holds_back = false;
    feed.position.clear();
    feed.left = feed.most;
  }
  share_records();
}

// What the batch may still take goes to all sources in equal parts.
void Intake::share_records() {
  const auto open = std::count_if(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return !feed.source->ended(); });
  const std::int64_t parts = std::max<std::int64_t>(1, open);
  for (Feed& feed : feeds_) feed.share = records_left_ == INT64_MAX ? INT64_MAX : (records_left_ + parts - 1) / parts;
}

// A drain takes what was received, as fast as it may have come.
std::int64_t Intake::records_for(const Feed& feed) const {
  return stopped_ ? records_left_ : std::min({records_left_, feed.left, feed.share});
}

void Intake::limit_records(std::uint32_t source, std::int64_t records) {
  for (Feed& feed : feeds_) {
    if (feed.node == source) feed.most = std::max<std::int64_t>(1, records);
  }
}

bool Intake::wants_next_batch() const {
  return std::any_of(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return feed.holds_back; });
}

// Rows that a source's rate lets through now: a bucket that holds one second.
std::int64_t Intake::allowed_by_rate(Feed& feed) {
  if (feed.max_rate <= 0 || stopped_) return INT64_MAX;
  const std::int64_t now = options_.env->clock->monotonic_us();
  const double most = std::max(1.0, feed.max_rate);
  feed.tokens = std::min(most, feed.tokens + static_cast<double>(now - feed.tokens_us) / 1e6 * feed.max_rate);
  feed.tokens_us = now;
  return static_cast<std::int64_t>(feed.tokens);
}

bool Intake::engine_has_room() {
  if (engine_.charged() < engine_limit_) return true;
  engine_.ask_relief();
  return engine_.charged() < engine_limit_ / 2;  // it may have caught up between the two
}

bool Intake::poll(Feed& feed) {
  const std::int64_t rate = allowed_by_rate(feed);
  flow::Budget budget{std::min(records_for(feed), rate), std::min(bytes_left_, kSliceBytes), tick_.id};
  if (rate <= 0) rate_wait_ms_ = kRateStepMs;
  if (budget.records <= 0 || budget.bytes <= 0 || failed_) return false;
  auto polled = feed.source->poll(budget);
  if (!polled.ok()) {
    failed_ = true;
    options_.fail({feed.id, polled.error().message, {}, polled.error().code});
    return false;
  }
  feed.more = polled->more;
  feed.holds_back = polled->more && polled->pieces.empty();
  feed.position = polled->position;
  if (polled->pieces.empty()) return false;
  if (polled->records > 0) {
    for (std::int64_t* left : {&records_left_, &feed.left, &feed.share}) {
      if (*left != INT64_MAX) *left -= polled->records;
    }
    feed.tokens -= static_cast<double>(polled->records);
  }
  if (feed.exposed != nullptr) feed.open[tick_.id] += polled->bytes;
  const std::int64_t charge = charge_of(*polled);
  if (bytes_left_ != INT64_MAX) bytes_left_ -= batch_limit_ == INT64_MAX ? polled->bytes : charge;
  engine_.add({tick_, feed.node, std::move(*polled), charge});
  has_input_ = true;
  return true;
}

bool Intake::read() {
  rate_wait_ms_ = 0;
  bool any = false;
  bool again = true;
  while (again) {
    again = false;
    bool got_any = false;
    for (Feed& feed : feeds_) {
      if (batch_full() || !engine_has_room()) return any;
      const bool got = poll(feed);
      got_any |= got;
      again |= got && feed.more;
    }
    any |= got_any;
    // At a tick what one source leaves is given to others; without ticks it is now.
    if (again || !got_any || options_.ticks || records_left_ == INT64_MAX) continue;
    share_records();
    again = std::any_of(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return feed.more && !feed.holds_back; });
  }
  return any;
}

void Intake::read_received() {
  if (options_.ticks && records_left_ > 0 && records_left_ != INT64_MAX && !stopped_) {
    share_records();
    static_cast<void>(read());
    for (Feed& feed : feeds_) feed.share = records_left_;
    static_cast<void>(read());
  }
  for (Feed& feed : feeds_) {
    // A source with a backlog is read as fast as the engine takes it; one without is asked once for what has come.
    if (feed.more && feed.source->queued_bytes() == 0 && !stopped_) continue;
    while (poll(feed) && feed.more && (feed.source->queued_bytes() > 0 || stopped_)) {
    }
  }
}

std::int64_t Intake::queued_bytes() const {
  std::int64_t bytes = 0;
  for (const Feed& feed : feeds_) bytes += feed.source->queued_bytes();
  return bytes;
}

void Intake::hold() {
  paused_ = true;
  for (Feed& feed : feeds_) feed.source->pause();
}

void Intake::regulate() {
  if (stopped_) return;
  const std::int64_t held = queued_bytes() + engine_.charged();
  const bool pause = paused_ ? held > memory_limit_ / 4 * 3 : held >= memory_limit_;
  if (pause) engine_.ask_relief();
  if (pause == paused_) return;
  paused_ = pause;
  for (Feed& feed : feeds_) pause ? feed.source->pause() : feed.source->resume();
}

bool Intake::all_ended() const {
  return !stopped_ && std::all_of(feeds_.begin(), feeds_.end(), [](const Feed& feed) { return feed.source->ended(); });
}

std::vector<std::uint32_t> Intake::newly_ended() {
  std::vector<std::uint32_t> ended;
  if (stopped_) return ended;  // a drain is no end of the input
  for (Feed& feed : feeds_) {
    if (feed.ended_told || !feed.source->ended()) continue;
    if (options_.resumes && std::get<flow::SourceNode>(graph_.nodes[feed.node].work).goes_on) continue;
    feed.ended_told = true;
    ended.push_back(feed.node);
  }
  return ended;
}

std::map<std::string, flow::Position> Intake::positions() const {
  std::map<std::string, flow::Position> positions;
  for (const Feed& feed : feeds_) {
    if (!feed.position.empty()) positions[feed.id] = feed.position;
  }
  return positions;
}

std::map<std::string, flow::Position> Intake::standings() const {
  std::map<std::string, flow::Position> standings;
  for (const Feed& feed : feeds_) standings[feed.id] = feed.source->standing();
  return standings;
}

void Intake::stop() {
  if (stopped_) return;
  stopped_ = true;
  for (Feed& feed : feeds_) feed.source->stop();
}

void Intake::committed(const std::map<std::string, flow::Position>& positions) {
  for (Feed& feed : feeds_) {
    const auto found = positions.find(feed.id);
    if (found != positions.end()) feed.source->committed(found->second);
  }
}

void Intake::batch_done(std::int64_t batch) {
  for (Feed& feed : feeds_) feed.open.erase(feed.open.begin(), feed.open.upper_bound(batch));
}

void Intake::measure() {
  for (Feed& feed : feeds_) {
    if (feed.exposed == nullptr) continue;
    std::int64_t bytes = 0;
    for (const auto& [batch, handed] : feed.open) bytes += handed;
    // What the log has not written yet may be of any source.
    if (options_.unlogged_bytes) bytes = std::min(bytes, options_.unlogged_bytes());
    feed.exposed->set(static_cast<double>(bytes + feed.source->queued_bytes()));
  }
}

flow::Progress Intake::progress() const {
  flow::Progress all;
  for (const Feed& feed : feeds_) {
    const flow::Progress one = feed.source->progress();
    all.done_bytes += one.done_bytes;
    all.total_bytes += one.total_bytes;
  }
  return all;
}

void Intake::close() {
  for (Feed& feed : feeds_) feed.source->close();
}

}  // namespace sr::runtime
