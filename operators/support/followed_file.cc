#include "operators/support/followed_file.h"

#include <fmt/format.h>

#include <utility>

#include "engine/flow/position.h"
#include "engine/loop/event_loop.h"
#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/rotated_files.h"

namespace sr::operators {
namespace {

constexpr int kLooks = 32;  // for a file that is renamed again and again

// Reads one file as it grows. When another file takes its name, the old one is read until nobody writes to it any more,
// and then those that were begun since, one after the other.
class FollowedFile final : public flow::Source {
 public:
  explicit FollowedFile(FollowOptions options) : options_(std::move(options)) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    if (context.loop) {
      auto watch = context.loop->watch(options_.path, [this] { context_.wake(); });
      if (watch.ok()) watch_ = std::move(*watch);
    }
    if (resume_from && !resume_from->empty()) SR_TRY(resume(*resume_from));
    return {};
  }

  Result<flow::SourceSlice> replay(const flow::Position& until) override {
    auto spans = decode_spans(until);
    if (!spans.ok()) return spans.error();
    flow::SourceSlice slice;
    for (const FileSpan& span : *spans) {
      const auto here = cursor_ && cursor_->inode() == span.identity.inode ? begins_as(cursor_->file(), span.identity)
                                                                           : Result<bool>(false);
      SR_TRY(here);
      if (!*here) {
        const auto found = start_where_it_is(span.identity);
        SR_TRY(found);
        if (!*found) return lost(span);
      }
      cursor_->seek(span.from);
      SR_TRY(cursor_->replay(span.to, slice));
      known_ = span.identity;
    }
    slice.position = until;
    return slice;
  }

  flow::Position standing() const override {
    if (!cursor_) return last_standing_;
    return encode_spans({FileSpan{options_.path, known_, {}, cursor_->mark()}});
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    taken_.begin(budget.batch);
    // What is not read when the job is stopped is read by the next start.
    while (!stopped_ && left.bytes > 0 && left.records > 0) {
      SR_TRY(look());
      caught_up_ = !cursor_ && !unclear_;
      if (!cursor_ || unclear_) break;
      const auto more = take(left, slice);
      SR_TRY(more);
      if (!*more) continue;
      slice.more = **more;
      caught_up_ = !slice.more && !replaced_;
      if (slice.more || !replaced_ || !is_over()) break;
      SR_TRY(leave());
    }
    slice.position = taken_.position();
    return slice;
  }

  bool ended() const override { return stopped_ || (context_.available_now && caught_up_); }
  // A line that is not complete yet is left to the next run.
  void stop() override {
    stopped_ = true;
    watch_.reset();
  }
  void close() override {
    watch_.reset();
    cursor_.reset();
  }

 private:
  Fs& fs() { return *context_.env->fs; }
  Clock& clock() { return *context_.env->clock; }
  void warn(const std::string& what) {
    if (context_.log) context_.log->warn(what, {{"source", context_.id}, {"path", options_.path}});
  }

  // Takes what the budget allows; whether more is there now. Nothing if the file was cut meanwhile: nobody can tell
  // from which of its lives the bytes are, so they are given back, and the next look says where to go on.
  Result<std::optional<bool>> take(flow::Budget& budget, flow::SourceSlice& slice) {
    const FileMark before = cursor_->mark();
    const flow::Budget budget_before = budget;
    const std::size_t pieces = slice.pieces.size();
    const std::int64_t bytes = slice.bytes;
    const std::int64_t records = slice.records;
    const auto more = cursor_->take(budget, slice);
    SR_TRY(more);
    if (cursor_->offset() == before.offset) return std::optional(*more);
    const FileIdentity known = known_;
    SR_TRY(know());
    const auto same = begins_as(cursor_->file(), known);
    SR_TRY(same);
    if (*same) {
      taken_.add({options_.path, known_, before, cursor_->mark()});
      return std::optional(*more);
    }
    slice.pieces.resize(pieces);
    slice.bytes = bytes;
    slice.records = records;
    budget = budget_before;
    cursor_->seek(before);
    known_ = known;
    unclear_ = true;  // so that the look compares, whatever the size is by then
    return std::optional<bool>{};
  }

  // Remembers what was taken of the file.
  Status know() {
    auto identity = identify(cursor_->file(), cursor_->offset());
    if (!identity.ok()) return identity.error();
    known_ = *identity;
    return {};
  }

  // Nobody writes to the replaced file any more, as far as can be seen.
  bool is_over() {
    if (copied_) return true;
    const std::int64_t wait_us = options_.rotate_wait_ms * 1000;
    return clock().wall_ms() * 1000 - cursor_->info().mtime_us >= wait_us ||
           clock().monotonic_us() - quiet_since_us_ >= wait_us;
  }

  // Goes on with the file that was begun next; the first call still lets an incomplete last record be taken.
  Status leave() {
    if (!finished_) {
      finished_ = true;
      cursor_->finish();
      return {};
    }
    last_standing_ = standing();
    left_ = cursor_->info();
    cursor_.reset();
    return {};
  }

  // Goes on in the file that was read last, whatever its name is now.
  Status resume(const flow::Position& standing) {
    auto spans = decode_spans(standing);
    if (!spans.ok() || spans->size() != 1) return flow::foreign_position(context_.id);
    const FileSpan& span = spans->front();
    last_standing_ = standing;
    const auto found = start_where_it_is(span.identity);
    SR_TRY(found);
    if (!*found && span.identity.size == 0) {
      warn("the file, of which nothing was read, is not there any more; reading what has its name now");
      return {};
    }
    if (!*found) return lost(span);
    cursor_->seek(span.to);
    known_ = span.identity;
    return {};
  }

  // What was read is not among the files any more, so that nobody can tell what stood behind it.
  Error lost(const FileSpan& span) const {
    return Error{
        fmt::format("{0}: the file that was read to byte {1} is not there any more, neither under its name nor among "
                    "its rotated files ({0}.1, …): it was removed, compressed or rewritten. What was written to it "
                    "behind byte {1}, and to files that came and went since, would be lost. Put the file back beside "
                    "{0}, uncompressed; or go on without it: give the source another id, without `was`, and it reads "
                    "{0} from its beginning",
                    options_.path, span.to.offset),
        false, "changed"};
  }

  // Sees to it that a file is open if there is one, and notices when it was replaced or cut. Where names change too
  // fast, it is `unclear_` which one it is, and nothing may be read before the next look.
  Status look() {
    const bool was_unclear = std::exchange(unclear_, false);
    if (!cursor_) return left_ ? open_next() : open_first();
    const auto named = fs().stat(options_.path);
    // A name that has gone says nothing yet: whoever wrote there may write on until the next file takes the name.
    if (!named.ok() && named.error().code != "ENOENT") return named.error();
    if (named.ok() && named->inode != cursor_->inode()) replaced_ = true;
    const FileInfo before = cursor_->info();
    const auto grown = cursor_->refresh();
    SR_TRY(grown);
    const bool changed = cursor_->info().size != before.size || cursor_->info().mtime_us != before.mtime_us;
    if (*grown && !changed && !was_unclear) return {};
    quiet_since_us_ = clock().monotonic_us();
    // It may have been cut and be longer again than what was read.
    const auto same = *grown ? begins_as(cursor_->file(), known_) : Result<bool>(false);
    SR_TRY(same);
    return *same ? Status{} : go_on_after_cut();
  }

  Status open_first() {
    auto opened = open_file(options_.path);
    if (opened.ok()) return begin(std::move(*opened));
    if (opened.error().code != "ENOENT") return opened.error();
    warn("waiting for the file");
    left_ = FileInfo{};
    left_->mtime_us = clock().wall_ms() * 1000;
    return {};
  }

  Status open_next() {
    for (int looks = 0; looks < kLooks; ++looks) {
      const auto next = next_after(fs(), options_.path, *left_);
      if (!next.ok() && next.error().code == "EAGAIN") break;
      SR_TRY(next);
      if (!next->file) return {};
      const auto started = start(*next->file);
      SR_TRY(started);
      if (!*started) continue;
      for (const std::string& one : next->compressed)
        warn(one + " is younger than what was read, and compressed: it is not read");
      return {};
    }
    unclear_ = true;
    return {};
  }

  // Whoever cuts a file has copied it before: what was not read yet stands in the copy.
  Status go_on_after_cut() {
    const FileMark mark = cursor_->mark();
    const auto copy = mark.offset > 0 ? start_where_it_is(known_) : Result<bool>(false);
    if (!copy.ok() && copy.error().code == "EAGAIN") {
      unclear_ = true;
      return {};
    }
    SR_TRY(copy);
    if (*copy) {
      cursor_->seek(mark);
      copied_ = replaced_ = true;
    } else {
      warn("the file was cut, and no copy of it is there; reading from its start");
      cursor_->seek({});
    }
    return know();
  }

  // Opens the identified file at its beginning, under whatever name it has; false if it is not there.
  Result<bool> start_where_it_is(const FileIdentity& identity) {
    for (int looks = 1;; ++looks) {
      const auto found = find_again(fs(), options_.path, identity);
      SR_TRY(found);
      if (!*found) return false;
      auto started = start(**found);
      if (!started.ok() || *started) return started;
      if (looks == kLooks) return Error{(*found)->path + ": is renamed again and again", true, "EAGAIN"};
    }
  }

  // Opens what was found; false if the name belongs to another file by now.
  Result<bool> start(const FoundFile& found) {
    auto opened = open_file(found.path);
    if (!opened.ok() && opened.error().code == "ENOENT") return false;
    SR_TRY(opened);
    if ((*opened)->inode() != found.inode) return false;
    SR_TRY(begin(std::move(*opened)));
    return true;
  }

  Result<std::unique_ptr<FileCursor>> open_file(const std::string& path) {
    return FileCursor::open(fs(), path, {context_.framer, context_.max_record, true}, pool_);
  }

  Status begin(std::unique_ptr<FileCursor> cursor) {
    cursor_ = std::move(cursor);
    left_.reset();
    replaced_ = copied_ = finished_ = false;
    quiet_since_us_ = clock().monotonic_us();
    return know();
  }

  FollowOptions options_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  TakenSpans taken_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<FileCursor> cursor_;
  FileIdentity known_;               // what was taken of the present file
  std::optional<FileInfo> left_;     // the file that the next one comes after, while none is open
  flow::Position last_standing_;     // where it stood before the present file was there
  std::int64_t quiet_since_us_ = 0;  // when the present file was last seen to change
  bool replaced_ = false;            // the name belongs to another file
  bool copied_ = false;              // the present file is a copy, to which nobody writes
  bool finished_ = false;            // its incomplete last record counts
  bool unclear_ = false;
  bool stopped_ = false;
  bool caught_up_ = false;  // the last look found nothing more
};

}  // namespace

std::unique_ptr<flow::Source> make_followed_file(FollowOptions options) {
  return std::make_unique<FollowedFile>(std::move(options));
}

}  // namespace sr::operators
