#include "operators/support/followed_file.h"

#include "engine/loop/event_loop.h"
#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/whole_file.h"

namespace sr::operators {
namespace {

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
      if (!cursor_ || cursor_->inode() != span.identity.inode) {
        if (!find_file(span.identity.inode))
          return Error{path_ + ": the file that was read under this name is not there any more", false, "changed"};
      }
      SR_TRY(check_identity(cursor_->file(), cursor_->path(), span.identity));
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
    if (!opened_) SR_TRY(open_first());
    flow::SourceSlice slice;
    flow::Budget left = budget;
    taken_.begin(budget.batch);
    for (int rounds = 0; rounds < 2 && left.bytes > 0 && left.records > 0; ++rounds) {
      if (!stopped_) SR_TRY(look());
      caught_up_ = !cursor_;
      if (!cursor_) break;
      const FileMark before = cursor_->mark();
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      if (cursor_->offset() != before.offset) SR_TRY(note(before));
      slice.more = *more;
      caught_up_ = !*more && !replaced_;
      if (*more || !replaced_) break;
      leave();  // go on with the file that has the name now
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

  void leave() {
    last_standing_ = standing();
    cursor_.reset();
    replaced_ = false;
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
    if (!find_file(span.identity.inode)) {
      warn("the file that was read is not there any more; reading what has its name now from the start");
      return {};
    }
    if (check_identity(cursor_->file(), cursor_->path(), span.identity).ok()) {
      cursor_->seek(span.to);
    } else {
      warn("the file was cut or rewritten; reading from its start");
    }
    return {};
  }

  // Opens the file with this inode: under the name itself, or beside it, where a rotation has put it.
  bool find_file(std::uint64_t inode) {
    cursor_.reset();
    const auto [folder, name] = split_path(path_);
    std::vector<std::string> candidates{path_};
    if (auto names = fs().list(folder); names.ok()) {
      for (const std::string& other : *names) {
        if (other != name) candidates.push_back((path_.find('/') == std::string::npos ? "" : folder + "/") + other);
      }
    }
    for (const std::string& path : candidates) {
      const auto info = fs().stat(path);
      if (!info.ok() || !info->is_regular || info->inode != inode) continue;
      return start(path).ok();
    }
    return false;
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
