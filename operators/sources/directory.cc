// directory: every file that appears in a folder, once, in the order of time, then name. Files should be moved in
// whole; hidden and temporary names are ignored.
//
//   orders:
//     type: directory
//     path: incoming
//     pattern: '*.json'
//     format: json
//     schema: {id: bigint}
//     after: move
//     move_to: done
//
// Tested in tests/unit/operators/file_sources_test.cc.
#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "engine/flow/position.h"
#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/folder_look.h"
#include "operators/support/whole_file.h"
#include "specs/registry.h"

namespace sr::operators {

enum class AfterFile : std::uint8_t { keep, move, remove };

}  // namespace sr::operators

namespace sr::specs {
template <>
struct EnumNames<operators::AfterFile> {
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> all = {"keep", "move", "delete"};
    return all;
  }
};
}  // namespace sr::specs

namespace sr::operators {
namespace {

struct DirectoryConfig {
  std::string path;
  std::string pattern = "*";
  bool recursive = false;
  bool existing = true;
  std::optional<std::int64_t> max_files_per_batch;
  AfterFile after = AfterFile::keep;
  std::string move_to;
};

constexpr std::int64_t kLookEveryMs = 1000;
constexpr std::size_t kForgotten = 10'000;  // names that have gone and are still known if they come back

class Directory final : public flow::Source {
 public:
  explicit Directory(const DirectoryConfig& config) : config_(config) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    auto info = fs().stat(config_.path);
    if (!info.ok()) return info.error();
    if (!info->is_directory) return Error{config_.path + ": is not a directory", false, "ENOTDIR"};
    if (config_.after == AfterFile::move) SR_TRY(fs().make_directories(config_.move_to));
    if (resume_from) SR_TRY(recall(*resume_from));
    SR_TRY(look());
    SR_TRY(check_half_read());
    if (!config_.existing && !resume_from) pass_over_waiting();
    for (const auto& [path, seen] : seen_) total_ += seen.state == State::waiting ? seen.span.identity.size : 0;
    if (!context.loop || context.available_now) return {};
    auto watch = context.loop->watch(config_.path, [this] { changed(); });
    if (watch.ok()) watch_ = std::move(*watch);
    return {};
  }

  Result<flow::SourceSlice> replay(const flow::Position& until) override {
    auto spans = decode_spans(until);
    if (!spans.ok()) return spans.error();
    flow::SourceSlice slice;
    for (const FileSpan& span : *spans) {
      if (!cursor_ || cursor_->path() != span.path) {
        if (const Status opened = open_file(span.path); !opened.ok())
          return Error{"what a batch has read must be read again: " + opened.error().message, false, "changed"};
      }
      SR_TRY(check_identity(cursor_->file(), span.path, span.identity));
      cursor_->seek(span.from);
      cursor_->limit(span.identity.size);
      SR_TRY(cursor_->replay(span.to, slice));
      Seen& seen = seen_[span.path];
      seen.span.identity = span.identity;
      seen.span.to = span.to;
      if (span.to.offset >= span.identity.size) finish_reading(seen);
    }
    slice.position = until;
    return slice;
  }

  flow::Position standing() const override {
    std::vector<FileSpan> spans;
    for (const auto& [path, seen] : seen_) spans.push_back(seen.span);
    return encode_spans(spans);
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    taken_.begin(budget.batch);
    if (budget.batch != batch_) files_in_batch_ = cursor_ ? 1 : 0;
    batch_ = budget.batch;
    SR_TRY(look_again());
    while (!stopped_ && left.bytes > 0 && left.records > 0) {
      if (!cursor_) {
        const auto started = start_next();
        if (!started.ok()) return started.error();
        if (!*started) break;
        if (!cursor_) continue;
      }
      Seen& seen = seen_[cursor_->path()];
      const FileMark before = cursor_->mark();
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      seen.span.to = cursor_->mark();
      // An empty file is taken too: what becomes of it is told by its position.
      if (seen.span.to.offset != before.offset || !*more)
        taken_.add({cursor_->path(), seen.span.identity, before, seen.span.to});
      if (*more) break;
      finish_reading(seen);
    }
    slice.more = cursor_ || has_waiting();
    slice.position = taken_.position();
    return slice;
  }

  bool ended() const override { return stopped_ || (context_.available_now && !cursor_ && !has_waiting()); }
  void stop() override {
    stopped_ = true;
    watch_.reset();
    cursor_.reset();
  }
  void close() override {
    watch_.reset();
    cursor_.reset();
  }
  flow::Progress progress() const override { return {done_bytes_ + (cursor_ ? cursor_->offset() : 0), total_}; }

  void committed(const flow::Position& position) override {
    const auto spans = decode_spans(position);
    if (!spans.ok()) return;
    for (const FileSpan& span : *spans) {
      const auto seen = seen_.find(span.path);
      // Another file may have the name by now.
      if (seen != seen_.end() && span.to.offset >= span.identity.size && seen->second.span.identity == span.identity)
        finish(span.path);
    }
  }

 private:
  enum class State : std::uint8_t { waiting, open, done };
  // A file that is, or was just now, in the folder.
  struct Seen {
    FileSpan span;
    State state = State::waiting;
    int missing = 0;  // looks in a row that did not find it
  };

  Fs& fs() { return *context_.env->fs; }
  bool at_limit() const { return config_.max_files_per_batch && files_in_batch_ >= *config_.max_files_per_batch; }

  void changed() {
    stale_ = true;
    context_.wake();
  }

  // Files that stand in the queue may have been read by a replay, or have gone.
  bool has_waiting() const {
    return std::any_of(waiting_.begin(), waiting_.end(), [this](const std::string& path) { return waits(path); });
  }
  bool waits(const std::string& path) const {
    const auto seen = seen_.find(path);
    return seen != seen_.end() && seen->second.state == State::waiting;
  }

  Status recall(const flow::Position& standing) {
    auto spans = decode_spans(standing);
    if (!spans.ok()) return flow::foreign_position(context_.id);
    std::vector<FolderFile> unread;
    for (FileSpan& span : *spans) {
      Seen& seen = seen_[span.path];
      seen.span = std::move(span);
      SR_TRY(see_whole(seen.span));
      const FileSpan& was = seen.span;
      const bool read = was.known == Known::opened && was.to.offset >= was.identity.size;
      if (read || was.known == Known::passed_over) {
        seen.state = State::done;
      } else if (was.known == Known::opened) {
        waiting_.push_front(was.path);  // gone on with first
      } else {
        unread.push_back({was.mtime_us, was.path});
      }
    }
    std::sort(unread.begin(), unread.end());
    for (FolderFile& file : unread) waiting_.push_back(std::move(file.path));
    return {};
  }

  // A `file` that was followed has known no end: what it holds beyond the place where it stood was not read.
  Status see_whole(FileSpan& span) {
    if (span.known != Known::opened || span.mtime_us != 0) return {};
    const auto file = fs().open(span.path, OpenMode::read);
    if (!file.ok()) return {};
    const auto same = begins_as(**file, span.identity);
    SR_TRY(same);
    const auto info = (*file)->info();
    SR_TRY(info);
    if (!*same || info->inode != span.identity.inode) return {};
    auto whole = identify(**file, info->size);
    SR_TRY(whole);
    span.identity = *whole;
    span.mtime_us = info->mtime_us;
    return {};
  }

  static bool half_read(const FileSpan& span) {
    return span.known == Known::opened && span.to.offset > 0 && span.to.offset < span.identity.size;
  }

  // The rest of a file must not be lost without a word.
  Status check_half_read() {
    for (const auto& [path, seen] : seen_) {
      if (!half_read(seen.span)) continue;
      const auto file = fs().open(path, OpenMode::read);
      const Status same = file.ok() ? check_identity(**file, path, seen.span.identity) : Status{file.error()};
      if (!same.ok()) return cannot_go_on(seen.span, same.error());
    }
    return {};
  }

  void pass_over_waiting() {
    for (const std::string& path : waiting_) {
      Seen& seen = seen_[path];
      seen.state = State::done;
      seen.span.known = Known::passed_over;
    }
    waiting_.clear();
  }

  // Watches do not see everything (network folders, folders below): the folder is read once a second in any case.
  Status look_again() {
    if (stopped_ || context_.available_now) return {};
    const std::int64_t now_ms = context_.env->clock->monotonic_us() / 1000;
    if (!stale_ && now_ms - looked_ms_ < kLookEveryMs) return {};
    return look();
  }

  Status look() {
    stale_ = false;
    looked_ms_ = context_.env->clock->monotonic_us() / 1000;
    const auto found = look_into(fs(), {config_.path, config_.pattern, config_.recursive,
                                        config_.after == AfterFile::move ? config_.move_to : std::string()});
    SR_TRY(found);
    for (const auto& [path, error] : found->unseen) tell_unseen(path, error);
    if (!std::exchange(looked_, true)) take_over_spellings(found->files);
    for (auto& [path, seen] : seen_) seen.missing += found->hides(path) ? 0 : 1;
    for (const FolderFile& file : found->files) {
      const auto [at, added] = seen_.try_emplace(file.path);
      at->second.missing = 0;
      if (added ? !is_back(file, at->second) : is_another(at->second, file)) {
        at->second.span = {file.path, {file.inode, file.size}, {}, {}, file.mtime_us, Known::seen};
        at->second.state = State::waiting;
        waiting_.push_back(file.path);
      }
    }
    // One look may miss a name while the folder changes; who misses it twice may take the next file of that name for
    // new.
    std::erase_if(seen_, [this](auto& entry) {
      if (entry.second.missing < 2 || entry.second.state == State::open) return false;
      if (entry.second.state == State::done) forget(std::move(entry.second.span));
      return true;
    });
    return {};
  }

  // The same files under other paths: the folder has been moved, or its path is written otherwise now.
  void take_over_spellings(const std::vector<FolderFile>& files) {
    std::set<std::string> there;
    for (const FolderFile& file : files) there.insert(file.path);
    std::multimap<std::uint64_t, std::string> gone;
    for (const auto& [path, seen] : seen_) {
      if (!there.contains(path)) gone.emplace(seen.span.identity.inode, path);
    }
    for (const FolderFile& file : files) {
      if (seen_.contains(file.path)) continue;
      const auto [first, last] = gone.equal_range(file.inode);
      const auto known = std::find_if(first, last, [&](const auto& entry) {
        return split_path(entry.second).second == split_path(file.path).second &&
               is_same(seen_.at(entry.second).span, file);
      });
      if (known == last) continue;
      auto seen = seen_.extract(known->second);
      std::replace(waiting_.begin(), waiting_.end(), known->second, file.path);
      seen.key() = seen.mapped().span.path = file.path;
      seen_.insert(std::move(seen));
      gone.erase(known);
    }
  }

  void tell_unseen(const std::string& path, const Error& error) {
    if (!told_.insert(path).second || context_.log == nullptr) return;
    context_.log->warn("cannot be looked at, so that what was read there counts as there: " + error.message,
                       {{"source", context_.id}, {"path", path}});
  }

  // A disk that was away for a while brings the same files back.
  void forget(FileSpan span) {
    forgotten_order_.push_back(span.path);
    std::string path = span.path;
    forgotten_.insert_or_assign(std::move(path), std::move(span));
    if (forgotten_order_.size() <= kForgotten) return;
    forgotten_.erase(forgotten_order_.front());
    forgotten_order_.pop_front();
  }
  bool is_back(const FolderFile& file, Seen& seen) {
    const auto known = forgotten_.find(file.path);
    if (known == forgotten_.end()) return false;
    const FileSpan was = std::move(known->second);
    forgotten_.erase(known);
    if (!is_same(was, file)) return false;
    seen.span = was;
    seen.state = State::done;
    return true;
  }
  static bool is_same(const FileSpan& was, const FolderFile& file) {
    return was.identity.inode == file.inode && was.identity.size == file.size && was.mtime_us == file.mtime_us;
  }

  // A name counts once, unless we have freed it ourselves: then a file that is not the one that was read is new.
  bool is_another(const Seen& seen, const FolderFile& file) const {
    return config_.after != AfterFile::keep && seen.state == State::done && !is_same(seen.span, file);
  }

  // Opens a file where it was left.
  Status open_file(const std::string& path) {
    auto opened = FileCursor::open(fs(), path, {context_.framer, context_.max_record, false}, pool_);
    if (!opened.ok()) return opened.error();
    auto identity = identify((*opened)->file(), (*opened)->size());
    if (!identity.ok()) return identity.error();
    auto info = (*opened)->file().info();
    if (!info.ok()) return info.error();
    Seen& seen = seen_[path];
    if (seen.span.known == Known::opened && seen.span.to.offset > 0) {
      SR_TRY(check_identity((*opened)->file(), path, seen.span.identity));
      *identity = seen.span.identity;  // what was added since does not count
    }
    (*opened)->limit(identity->size);
    (*opened)->seek(seen.span.to);
    seen.span = {path, *identity, {}, seen.span.to, info->mtime_us, Known::opened};
    seen.state = State::open;
    cursor_ = std::move(*opened);
    return {};
  }

  // Opens the next file; false if there is none that this batch may take. A file that went before it was read is passed
  // over.
  Result<bool> start_next() {
    while (!waiting_.empty() && !waits(waiting_.front())) waiting_.pop_front();
    if (waiting_.empty() || at_limit()) return false;
    const std::string path = std::move(waiting_.front());
    waiting_.pop_front();
    if (const Status opened = open_file(path); opened.ok()) {
      ++files_in_batch_;
    } else if (half_read(seen_[path].span)) {
      return cannot_go_on(seen_[path].span, opened.error());
    } else {
      seen_[path].state = State::done;
      if (context_.log) context_.log->warn("cannot read a file: " + opened.error().message, {{"source", context_.id}});
    }
    return true;
  }

  void finish_reading(Seen& seen) {
    seen.state = State::done;
    seen.span.to.offset = seen.span.identity.size;
    done_bytes_ += cursor_->size();
    cursor_.reset();
  }

  // Does with a file that was read what the job asks for.
  void finish(const std::string& path) {
    if (config_.after == AfterFile::keep) return;
    const auto seen = seen_.find(path);
    if (seen == seen_.end() || seen->second.state != State::done || seen->second.span.known != Known::opened) return;
    Status status;
    if (config_.after == AfterFile::remove) status = fs().remove(path);
    if (config_.after == AfterFile::move) status = move_away(path);
    if (!status.ok() && status.error().code != "ENOENT") {
      if (context_.log) context_.log->warn(status.error().message, {{"source", context_.id}});
      return;
    }
    seen_.erase(seen);  // a name that is free again may come back with another file
  }

  // A name that is taken in `move_to` belongs to an earlier file: this one gets a number.
  Status move_away(const std::string& path) {
    for (int number = 1;; ++number) {
      const std::string to = numbered(config_.move_to + "/" + split_path(path).second, number);
      const Status moved = fs().rename_no_replace(path, to);
      if (moved.ok() || moved.error().code != "EEXIST") return moved;
    }
  }

  DirectoryConfig config_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::unique_ptr<FileWatch> watch_;
  std::map<std::string, Seen> seen_;
  std::deque<std::string> waiting_;
  std::map<std::string, FileSpan> forgotten_;  // by path: files that were read and have gone, the latest of them
  std::deque<std::string> forgotten_order_;    // oldest first; may name one that has come back
  std::set<std::string> told_;                 // paths that could not be looked at
  TakenSpans taken_;
  std::unique_ptr<FileCursor> cursor_;
  std::int64_t batch_ = -1;
  std::int64_t files_in_batch_ = 0;
  std::int64_t looked_ms_ = 0;
  std::int64_t done_bytes_ = 0;
  std::int64_t total_ = 0;
  bool looked_ = false;
  bool stale_ = false;
  bool stopped_ = false;
};

std::optional<specs::BoundNode> bind_directory(const DirectoryConfig& config, specs::BindContext& context) {
  if (config.after == AfterFile::move && config.move_to.empty()) {
    context.error("SR2033", context.value_span("after"), "`after: move` needs `move_to`", "moves to where?");
  }
  if (config.after != AfterFile::move && context.has_option("move_to")) {
    context.error("SR2033", context.key_span("move_to"), "`move_to` stands with `after: move` only", "is not used");
  }
  const SchemaRef schema = context.source_schema();
  if (!schema || context.failed()) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.bounded = context.job().trigger == specs::Trigger::available_now;
  bound.goes_on = true;
  bound.make = [config](const specs::MakeOptions&) {
    specs::Made made;
    made.source = std::make_unique<Directory>(config);
    return made;
  };
  bound.probe = [config](Environment& env) {
    std::vector<std::string> wrong;
    if (auto names = env.fs->list(config.path); !names.ok()) wrong.push_back(names.error().message);
    return wrong;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<DirectoryConfig>> directory_options() {
  auto table = std::make_shared<specs::OptionTable<DirectoryConfig>>();
  table->option("path", &DirectoryConfig::path).required().doc("The folder.").example("incoming");
  table->option("pattern", &DirectoryConfig::pattern)
      .doc("Names that count, with `*`, `?` and `[…]`.")
      .example("'*.json'");
  table->option("recursive", &DirectoryConfig::recursive).doc("Looks into the folders below too.");
  table->option("existing", &DirectoryConfig::existing).doc("Reads the files that are there at the start.");
  table->option("max_files_per_batch", &DirectoryConfig::max_files_per_batch)
      .at_least(1)
      .doc("No batch takes more files than this.");
  table->option("after", &DirectoryConfig::after)
      .doc(
          "What becomes of a file when its batch is committed; with a checkpoint folder when every snapshot covers "
          "it.");
  table->option("move_to", &DirectoryConfig::move_to)
      .doc(
          "The folder for files that were read, with `after: move`; where a name is taken there, `-2`, `-3`, … is "
          "added.")
      .example("done");
  return table;
}

}  // namespace

void register_directory(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "directory";
  info.kind = specs::NodeKind::source;
  info.group = "sources";
  info.inputs = specs::Inputs::none;
  info.summary = "Reads every file that appears in a folder, once.";
  info.example = "orders:\n  type: directory\n  path: incoming\n  pattern: '*.txt'\n";
  info.takes_format = true;
  info.capabilities.replayable = true;
  registry.add(specs::node<DirectoryConfig>(std::move(info), directory_options(), bind_directory));
}

}  // namespace sr::operators
