// file: a file or all files of a pattern, from front to back; with `follow` a file that grows, through rotation and
// truncation.
//
//   lines:
//     type: file
//     path: /var/log/app.log
//     format: text
//     follow: true
//
// Tested in tests/jobs and tests/unit/operators/file_sources_test.cc.
#include <algorithm>
#include <map>

#include "engine/flow/position.h"
#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/followed_file.h"
#include "operators/support/glob.h"
#include "operators/support/moved_files.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct FileConfig {
  std::string path;
  bool follow = false;
  Duration rotate_wait{5000};
};

// Reads the files of a pattern one after the other.
class Files final : public flow::Source {
 public:
  explicit Files(const FileConfig& config) : config_(config) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    if (resume_from) SR_TRY(recall(*resume_from));
    paths_ = has_wildcards(config_.path) ? expand_glob(fs(), config_.path) : std::vector{config_.path};
    take_over_spellings();
    for (const std::string& path : paths_) {
      auto info = fs().stat(path);
      if (!info.ok() && is_done(path)) continue;  // read to its end, and then taken away
      const auto known = known_.find(path);
      if (!info.ok()) return known == known_.end() ? info.error() : cannot_go_on(known->second, info.error());
      if (info->is_directory) return Error{path + ": is a directory", false, "EISDIR"};
      if (known != known_.end()) SR_TRY(compare(path, *info, known->second));
      total_ += info->size;
    }
    SR_TRY(look_for_missing());
    if (paths_.empty() && context.log)
      context.log->warn("no file matches", {{"source", context.id}, {"path", config_.path}});
    return {};
  }

  Result<flow::SourceSlice> replay(const flow::Position& until) override {
    auto spans = decode_spans(until);
    if (!spans.ok()) return spans.error();
    flow::SourceSlice slice;
    for (const FileSpan& span : *spans) {
      if (!cursor_ || cursor_->path() != span.path) SR_TRY(start(span.path));
      SR_TRY(check_identity(cursor_->file(), span.path, span.identity));
      FileSpan& known = known_[span.path];
      if (cursor_->offset() != span.from.offset)
        return Error{span.path + ": was read to byte " + std::to_string(cursor_->offset()) + " and not to " +
                         std::to_string(span.from.offset),
                     false, "changed"};
      cursor_->seek(span.from);
      SR_TRY(cursor_->replay(span.to, slice));
      known.identity = span.identity;
      known.to = span.to;
    }
    slice.position = until;
    return slice;
  }

  flow::Position standing() const override {
    std::vector<FileSpan> spans;
    for (const auto& [path, span] : known_) spans.push_back(span);
    return encode_spans(spans);
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    taken_.begin(budget.batch);
    while (!stopped_ && next_ < paths_.size() && left.bytes > 0 && left.records > 0) {
      const std::string& path = paths_[next_];
      if (cursor_ && cursor_->path() != path) cursor_.reset();
      if (!cursor_ && is_done(path)) {
        ++next_;
        continue;
      }
      if (!cursor_) SR_TRY(start(path));
      FileSpan& known = known_[path];
      const FileMark before = cursor_->mark();
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      known.to = cursor_->mark();
      if (known.to.offset != before.offset) taken_.add({path, known.identity, before, known.to});
      if (*more) break;
      // It had grown before it was opened, or became shorter while it was read.
      if (known.to.offset > known.identity.size) SR_TRY(note(known, known.to.offset));
      known.to.offset = known.identity.size;
      done_ += cursor_->size();
      cursor_.reset();
      ++next_;
    }
    slice.more = !ended();
    slice.position = taken_.position();
    return slice;
  }

  bool ended() const override {
    return stopped_ || std::all_of(paths_.begin() + static_cast<std::ptrdiff_t>(next_), paths_.end(),
                                   [this](const std::string& path) { return is_done(path); });
  }
  void stop() override { stopped_ = true; }
  void close() override { cursor_.reset(); }
  flow::Progress progress() const override { return {done_ + (cursor_ ? cursor_->offset() : 0), total_}; }

 private:
  Fs& fs() { return *context_.env->fs; }
  bool is_done(const std::string& path) const {
    const auto known = known_.find(path);
    return known != known_.end() && known->second.to.offset >= known->second.identity.size;
  }

  Status recall(const flow::Position& standing) {
    auto spans = decode_spans(standing);
    if (!spans.ok()) return flow::foreign_position(context_.id);
    for (FileSpan& span : *spans) {
      if (span.known == Known::opened) known_[span.path] = span;  // a `directory` has seen others, too
    }
    return {};
  }

  // The same files under other paths: their folder has been moved, or the path is written otherwise now.
  void take_over_spellings() {
    std::vector<PlacedFile> known, found;
    for (const auto& [path, span] : known_) known.push_back({path, span.identity.inode});
    for (const std::string& path : paths_) {
      const auto info = known_.empty() || known_.contains(path) ? Result<FileInfo>(FileInfo{}) : fs().stat(path);
      found.push_back({path, info.ok() ? info->inode : 0});
    }
    // The inode of a file that was removed may be given to the next one.
    const auto same = [&](const std::string& former, std::size_t at) {
      const auto file = fs().open(paths_[at], OpenMode::read);
      return file.ok() && check_identity(**file, paths_[at], known_.at(former).identity).ok();
    };
    for (const auto& [former, present] : moved_files(known, found, same)) {
      auto span = known_.extract(former);
      span.key() = span.mapped().path = present;
      known_.insert(std::move(span));
    }
  }

  // What was read in part and is not among the files any more: it has gone, or the job's path is another one.
  Status look_for_missing() {
    for (const auto& [path, span] : known_) {
      if (is_done(path) || span.to.offset == 0 || std::find(paths_.begin(), paths_.end(), path) != paths_.end())
        continue;
      const auto info = fs().stat(path);
      return cannot_go_on(span, info.ok() ? Error{path + ": `path` does not name this file any more"} : info.error());
    }
    return {};
  }

  // A file that nobody has written to costs no reading; one that has grown is read on.
  Status compare(const std::string& path, const FileInfo& info, FileSpan& known) {
    const bool same =
        info.inode == known.identity.inode && info.size == known.identity.size && info.mtime_us == known.mtime_us;
    if (same && is_done(path)) return {};
    auto file = fs().open(path, OpenMode::read);
    if (!file.ok()) return file.error();
    const Status unchanged = check_identity(**file, path, known.identity);
    if (!unchanged.ok()) return cannot_go_on(known, unchanged.error());
    auto identity = identify(**file, info.size);
    if (!identity.ok()) return identity.error();
    known.identity = *identity;
    known.mtime_us = info.mtime_us;
    return {};
  }

  // Opens a file where it was left.
  Status start(const std::string& path) {
    auto opened = FileCursor::open(fs(), path, {context_.framer, context_.max_record, false}, pool_);
    if (!opened.ok()) return opened.error();
    cursor_ = std::move(*opened);
    const auto [at, added] = known_.try_emplace(path);
    if (!added) {
      cursor_->seek(at->second.to);
      return {};
    }
    at->second.path = path;
    return note(at->second, cursor_->size());
  }

  // Takes the identity of the open file's first bytes.
  Status note(FileSpan& known, std::int64_t size) {
    const auto info = cursor_->file().info();
    if (!info.ok()) return info.error();
    const auto identity = identify(cursor_->file(), size);
    if (!identity.ok()) return identity.error();
    known.identity = *identity;
    known.mtime_us = info->mtime_us;  // from before the bytes were looked at
    return {};
  }

  FileConfig config_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::vector<std::string> paths_;
  std::size_t next_ = 0;
  std::map<std::string, FileSpan> known_;  // by path: what was read of it
  TakenSpans taken_;
  std::unique_ptr<FileCursor> cursor_;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  bool stopped_ = false;
};

std::optional<specs::BoundNode> bind_file(const FileConfig& config, specs::BindContext& context) {
  if (config.follow && has_wildcards(config.path)) {
    context.error("SR2032", context.value_span("path"), "`follow` takes one file, not a pattern", "has wildcards");
  }
  const SchemaRef schema = context.source_schema();
  if (!schema || context.failed()) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.goes_on = config.follow;
  bound.bounded = !config.follow || context.job().trigger == specs::Trigger::available_now;
  bound.make = [config](const specs::MakeOptions&) {
    specs::Made made;
    if (config.follow) {
      made.source = make_followed_file({config.path, config.rotate_wait.ms});
    } else {
      made.source = std::make_unique<Files>(config);
    }
    return made;
  };
  bound.probe = [config](Environment& env) {
    std::vector<std::string> wrong;
    if (has_wildcards(config.path)) {
      if (expand_glob(*env.fs, config.path).empty()) wrong.push_back("no file matches " + config.path);
    } else if (auto file = env.fs->open(config.path, OpenMode::read);
               !file.ok() && !(config.follow && file.error().code == "ENOENT")) {
      wrong.push_back(file.error().message);
    }
    return wrong;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<FileConfig>> file_options() {
  auto table = std::make_shared<specs::OptionTable<FileConfig>>();
  table->option("path", &FileConfig::path)
      .required()
      .doc("The file, or a pattern with `*`, `?` and `[…]`: its files are read in the order of their names.")
      .example("/var/log/app.log");
  table->option("follow", &FileConfig::follow)
      .doc("Goes on as the file grows, through rotation and truncation, and never ends.");
  table->option("rotate_wait", &FileConfig::rotate_wait)
      .doc(
          "How long nobody may have written to a file that was rotated before the next one is read: programs have it "
          "open until they are told of the rotation.")
      .example("0s");
  return table;
}

}  // namespace

void register_file(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "file";
  info.kind = specs::NodeKind::source;
  info.group = "sources";
  info.inputs = specs::Inputs::none;
  info.summary = "Reads a file, the files of a pattern, or a file that grows.";
  info.example = "lines:\n  type: file\n  path: /var/log/app.log\n  follow: true\n";
  info.takes_format = true;
  info.capabilities.replayable = true;
  registry.add(specs::node<FileConfig>(std::move(info), file_options(), bind_file));
}

}  // namespace sr::operators
