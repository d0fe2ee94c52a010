#include "operators/support/followed_file.h"

#include <fmt/format.h>

#include "engine/loop/event_loop.h"
#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/rotated_files.h"

namespace sr::operators {
namespace {

constexpr int kLooks = 8;  // for a file that is renamed again and again

// Reads one file as it grows. When another file takes its name, the old one is read to its end first.
class FollowedFile final : public flow::Source {
 public:
  explicit FollowedFile(std::string path) : path_(std::move(path)) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    if (context.loop) {
      auto watch = context.loop->watch(path_, [this] { context_.wake(); });
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
      if (!cursor_ || cursor_->inode() != span.identity.inode) SR_TRY(start_where_it_is(span));
      const auto same = begins_as(cursor_->file(), span.identity);
      if (!same.ok()) return same.error();
      if (!*same) SR_TRY(start_where_it_is(span));
      cursor_->seek(span.from);
      SR_TRY(cursor_->replay(span.to, slice));
    }
    slice.position = until;
    return slice;
  }

  flow::Position standing() const override {
    if (!cursor_) return last_standing_;
    auto identity = identify(cursor_->file(), cursor_->offset());
    if (!identity.ok()) return last_standing_;
    return encode_spans({FileSpan{path_, *identity, {}, cursor_->mark()}});
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    if (!opened_ && !stopped_) SR_TRY(open_first());
    flow::SourceSlice slice;
    flow::Budget left = budget;
    taken_.begin(budget.batch);
    // What is not read when the job is stopped is read by the next start.
    while (!stopped_ && left.bytes > 0 && left.records > 0) {
      SR_TRY(look());
      caught_up_ = !cursor_;
      if (!cursor_) break;
      const FileMark before = cursor_->mark();
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      if (cursor_->offset() != before.offset) SR_TRY(note(before));
      slice.more = *more;
      caught_up_ = !*more && !replaced_;
      if (*more || !replaced_) break;
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
  void warn(const std::string& what) {
    if (context_.log) context_.log->warn(what, {{"source", context_.id}, {"path", path_}});
  }

  Status note(const FileMark& before) {
    auto identity = identify(cursor_->file(), cursor_->offset());
    if (!identity.ok()) return identity.error();
    taken_.add({path_, *identity, before, cursor_->mark()});
    return {};
  }

  // Goes on with the file that was begun after the present one: that of the name, or one that a rotation has put aside
  // meanwhile.
  Status leave() {
    last_standing_ = standing();
    const auto left = cursor_->file().info();
    if (!left.ok()) return left.error();
    cursor_.reset();
    replaced_ = false;
    for (int looks = 0;; ++looks) {
      const auto next = next_after(fs(), path_, *left);
      if (!next.ok()) return next.error();
      if (*next == path_) return {};  // look() opens it
      const Status started = start(*next);
      // A rotation may give it another name just now.
      if (started.ok() || started.error().code != "ENOENT" || looks == kLooks) return started;
    }
  }

  Status open_first() {
    opened_ = true;
    SR_TRY(look());
    if (!cursor_) warn("waiting for the file");
    return {};
  }

  // Goes on in the file that was read last, whatever its name is now.
  Status resume(const flow::Position& standing) {
    auto spans = decode_spans(standing);
    if (!spans.ok() || spans->size() != 1)
      return Error{"the saved position of `" + context_.id + "` cannot be read", false, "damaged"};
    const FileSpan& span = spans->front();
    last_standing_ = standing;
    const auto found = find_again(fs(), path_, span.identity);
    if (!found.ok()) return found.error();
    if (!*found && span.identity.size == 0) {
      warn("the file, of which nothing was read, is not there any more; reading what has its name now");
      return {};
    }
    if (!*found) return lost(span);
    SR_TRY(start(**found));
    cursor_->seek(span.to);
    const auto left = cursor_->file().info();
    if (!left.ok()) return left.error();
    const auto compressed = compressed_after(fs(), path_, *left);
    if (!compressed.ok()) return compressed.error();
    for (const std::string& one : *compressed)
      warn(one + " is younger than what was read, and compressed: it is not read");
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
                    path_, span.to.offset),
        false, "changed"};
  }

  Status start_where_it_is(const FileSpan& span) {
    const auto found = find_again(fs(), path_, span.identity);
    if (!found.ok()) return found.error();
    return *found ? start(**found) : Status{lost(span)};
  }

  // Opens the file if it is there, and notices when it was replaced or cut.
  Status look() {
    auto info = fs().stat(path_);
    if (!info.ok()) {
      // A name that has gone says nothing yet: whoever wrote there may write on until the next file takes the name.
      if (info.error().code != "ENOENT") return info.error();
    } else if (!cursor_) {
      SR_TRY(start(path_));
    } else if (info->inode != cursor_->inode()) {
      replaced_ = true;
      cursor_->finish();
    }
    if (!cursor_) return {};
    auto grown = cursor_->refresh();
    if (!grown.ok()) return grown.error();
    if (!*grown) {
      warn("the file was cut; reading from its start");
      cursor_->seek({});
    }
    return {};
  }

  Status start(const std::string& path) {
    replaced_ = false;
    auto opened = FileCursor::open(fs(), path, {context_.framer, context_.max_record, true}, pool_);
    if (!opened.ok()) return opened.error();
    cursor_ = std::move(*opened);
    return {};
  }

  std::string path_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  TakenSpans taken_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<FileCursor> cursor_;
  flow::Position last_standing_;  // where it stood before the present file was there
  bool opened_ = false;
  bool replaced_ = false;  // the name belongs to another file, or to none
  bool stopped_ = false;
  bool caught_up_ = false;  // the last look found nothing more
};

}  // namespace

std::unique_ptr<flow::Source> make_followed_file(std::string path) {
  return std::make_unique<FollowedFile>(std::move(path));
}

}  // namespace sr::operators
