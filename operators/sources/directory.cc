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
#include <set>

#include "engine/flow/position.h"
#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/seen_files.h"
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

class Directory final : public flow::Source {
 public:
  explicit Directory(const DirectoryConfig& config) : config_(config), seen_(config.after != AfterFile::keep) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    auto info = fs().stat(config_.path);
    if (!info.ok()) return info.error();
    if (!info->is_directory) return Error{config_.path + ": is not a directory", false, "ENOTDIR"};
    if (config_.after == AfterFile::move) SR_TRY(fs().make_directories(config_.move_to));
    if (resume_from) {
      const auto known = seen_.recall(fs(), *resume_from);
      SR_TRY(known);
      if (!*known) return flow::foreign_position(context.id);
    }
    SR_TRY(look());
    SR_TRY(seen_.check_half_read(fs()));
    if (!config_.existing && !resume_from) seen_.pass_over_waiting();
    total_ = seen_.waiting_bytes();
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
      SeenFile& seen = seen_[span.path];
      seen.span.identity = span.identity;
      seen.span.to = span.to;
      if (span.to.offset >= span.identity.size) finish_reading(seen);
    }
    slice.position = until;
    return slice;
  }

  flow::Position standing() const override { return seen_.standing(); }

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
      SeenFile& seen = seen_[cursor_->path()];
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
    slice.more = cursor_ || seen_.has_waiting();
    slice.position = taken_.position();
    return slice;
  }

  bool ended() const override { return stopped_ || (context_.available_now && !cursor_ && !seen_.has_waiting()); }
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
      const SeenFile* seen = seen_.find(span.path);
      // Another file may have the name by now.
      if (seen != nullptr && span.to.offset >= span.identity.size && seen->span.identity == span.identity)
        finish(span.path);
    }
  }

 private:
  Fs& fs() { return *context_.env->fs; }
  bool at_limit() const { return config_.max_files_per_batch && files_in_batch_ >= *config_.max_files_per_batch; }

  void changed() {
    stale_ = true;
    context_.wake();
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
    tell_unseen(*found);
    seen_.merge(*found);
    return {};
  }

  // Once, until they can be looked at again.
  void tell_unseen(const FolderLook& look) {
    std::set<std::string> paths;
    for (const auto& [path, error] : look.unseen) {
      paths.insert(path);
      if (told_.contains(path) || context_.log == nullptr) continue;
      context_.log->warn("cannot be looked at, so that what was read there counts as there: " + error.message,
                         {{"source", context_.id}, {"path", path}});
    }
    told_ = std::move(paths);
  }

  // Opens a file where it was left.
  Status open_file(const std::string& path) {
    auto opened = FileCursor::open(fs(), path, {context_.framer, context_.max_record, false}, pool_);
    if (!opened.ok()) return opened.error();
    auto identity = identify((*opened)->file(), (*opened)->size());
    if (!identity.ok()) return identity.error();
    auto info = (*opened)->file().info();
    if (!info.ok()) return info.error();
    SeenFile& seen = seen_[path];
    if (seen.span.known == Known::opened && seen.span.to.offset > 0) {
      SR_TRY(check_identity((*opened)->file(), path, seen.span.identity));
      *identity = seen.span.identity;  // what was added since does not count
    }
    (*opened)->limit(identity->size);
    (*opened)->seek(seen.span.to);
    seen.span = {path, *identity, {}, seen.span.to, info->mtime_us, Known::opened};
    seen.state = SeenFile::State::open;
    cursor_ = std::move(*opened);
    return {};
  }

  // Opens the next file; false if there is none that this batch may take. A file that went before it was read is passed
  // over.
  Result<bool> start_next() {
    const auto path = at_limit() ? std::nullopt : seen_.next();
    if (!path) return false;
    if (const Status opened = open_file(*path); opened.ok()) {
      ++files_in_batch_;
    } else if (seen_[*path].half_read()) {
      return cannot_go_on(seen_[*path].span, opened.error());
    } else {
      seen_[*path].state = SeenFile::State::done;
      if (context_.log) context_.log->warn("cannot read a file: " + opened.error().message, {{"source", context_.id}});
    }
    return true;
  }

  void finish_reading(SeenFile& seen) {
    seen.state = SeenFile::State::done;
    seen.span.to.offset = seen.span.identity.size;
    done_bytes_ += cursor_->size();
    cursor_.reset();
  }

  // Does with a file that was read what the job asks for.
  void finish(const std::string& path) {
    if (config_.after == AfterFile::keep) return;
    const SeenFile* seen = seen_.find(path);
    if (seen == nullptr || seen->state != SeenFile::State::done || seen->span.known != Known::opened) return;
    Status status;
    if (config_.after == AfterFile::remove) status = fs().remove(path);
    if (config_.after == AfterFile::move) status = move_away(path);
    if (!status.ok() && status.error().code != "ENOENT") {
      if (context_.log) context_.log->warn(status.error().message, {{"source", context_.id}});
      return;
    }
    seen_.free(path);
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
  SeenFiles seen_;
  std::set<std::string> told_;  // paths that could not be looked at the last time
  TakenSpans taken_;
  std::unique_ptr<FileCursor> cursor_;
  std::int64_t batch_ = -1;
  std::int64_t files_in_batch_ = 0;
  std::int64_t looked_ms_ = 0;
  std::int64_t done_bytes_ = 0;
  std::int64_t total_ = 0;
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
