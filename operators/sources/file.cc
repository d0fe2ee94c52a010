// file: a file or all files of a pattern, from front to back; with `follow` a file that grows, through rotation and
// truncation.
//
//   lines:
//     type: file
//     path: /var/log/app.log
//     format: text
//     follow: true
//
// Tested in tests/jobs and tests/unit/operators/file_source_test.cc.
#include <nlohmann/json.hpp>

#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/glob.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct FileConfig {
  std::string path;
  bool follow = false;
};

// Reads the files of a pattern one after the other.
class Files final : public flow::Source {
 public:
  explicit Files(const FileConfig& config) : config_(config) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    paths_ = has_wildcards(config_.path) ? expand_glob(*context.env->fs, config_.path) : std::vector{config_.path};
    for (const std::string& path : paths_) {
      auto info = context.env->fs->stat(path);
      if (!info.ok()) return info.error();
      if (info->is_directory) return Error{path + ": is a directory", false, "EISDIR"};
      total_ += info->size;
    }
    if (paths_.empty() && context.log)
      context.log->warn("no file matches", {{"source", context.id}, {"path", config_.path}});
    if (resume_from && !resume_from->empty()) return resume(*resume_from);
    return {};
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    while (!stopped_ && next_ < paths_.size() && left.bytes > 0 && left.records > 0) {
      if (!cursor_) {
        auto opened =
            FileCursor::open(*context_.env->fs, paths_[next_], {context_.framer, context_.max_record, false}, pool_);
        if (!opened.ok()) return opened.error();
        cursor_ = std::move(*opened);
      }
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      if (*more) break;
      done_ += cursor_->size();
      cursor_.reset();
      ++next_;
    }
    slice.more = !ended();
    slice.position = position();
    return slice;
  }

  bool ended() const override { return stopped_ || next_ >= paths_.size(); }
  void stop() override { stopped_ = true; }
  void close() override { cursor_.reset(); }
  flow::Progress progress() const override { return {done_ + (cursor_ ? cursor_->offset() : 0), total_}; }

 private:
  std::string position() const {
    if (next_ >= paths_.size()) return R"({"path":null})";
    return nlohmann::json{{"path", paths_[next_]}, {"offset", cursor_ ? cursor_->offset() : 0}}.dump();
  }
  Status resume(const std::string& position) {
    const auto json = nlohmann::json::parse(position, nullptr, false);
    if (!json.is_object() || !json.contains("path"))
      return Error{"the saved position of `" + context_.id + "` cannot be read"};
    while (next_ < paths_.size() && (json["path"].is_null() || paths_[next_] != json["path"])) ++next_;
    if (next_ >= paths_.size()) return {};
    auto opened =
        FileCursor::open(*context_.env->fs, paths_[next_], {context_.framer, context_.max_record, false}, pool_);
    if (!opened.ok()) return opened.error();
    cursor_ = std::move(*opened);
    cursor_->seek(json.value("offset", std::int64_t{0}));
    return {};
  }

  FileConfig config_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::vector<std::string> paths_;
  std::size_t next_ = 0;
  std::unique_ptr<FileCursor> cursor_;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  bool stopped_ = false;
};

// Reads one file as it grows. When another file takes its name, the old one is read to its end first.
class FollowedFile final : public flow::Source {
 public:
  explicit FollowedFile(const FileConfig& config) : config_(config) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    if (resume_from && !resume_from->empty()) resume_ = *resume_from;
    if (context.loop) {
      auto watch = context.loop->watch(config_.path, [this] { context_.wake(); });
      if (watch.ok()) watch_ = std::move(*watch);
    }
    SR_TRY(look());
    if (!cursor_ && context.log)
      context.log->warn("waiting for the file", {{"source", context.id}, {"path", config_.path}});
    return {};
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    for (int rounds = 0; rounds < 2 && left.bytes > 0 && left.records > 0; ++rounds) {
      if (!stopped_) SR_TRY(look());
      if (!cursor_) break;
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      slice.more = *more;
      if (*more || !replaced_) break;
      cursor_.reset();  // go on with the file that has the name now
    }
    if (cursor_) {
      slice.position = nlohmann::json{{"inode", cursor_->inode()}, {"offset", cursor_->offset()}}.dump();
    }
    return slice;
  }

  bool ended() const override { return stopped_ && drained(); }
  void stop() override {
    stopped_ = true;
    watch_.reset();
    if (cursor_) cursor_->finish();
  }
  void close() override {
    watch_.reset();
    cursor_.reset();
  }

 private:
  bool drained() const { return !cursor_ || cursor_->exhausted(); }

  // Opens the file if it is there, and notices when it was replaced or cut.
  Status look() {
    auto info = context_.env->fs->stat(config_.path);
    if (!info.ok()) {
      // A name that has gone says nothing yet: whoever wrote there may write on until the next file takes the name.
      if (info.error().code != "ENOENT") return info.error();
    } else if (!cursor_) {
      SR_TRY(start());
    } else if (info->inode != cursor_->inode()) {
      replaced_ = true;
      cursor_->finish();
    }
    if (!cursor_) return {};
    auto grown = cursor_->refresh();
    if (!grown.ok()) return grown.error();
    if (!*grown) {
      if (context_.log)
        context_.log->warn("the file was cut; reading from its start",
                           {{"source", context_.id}, {"path", config_.path}});
      cursor_->seek(0);
    }
    return {};
  }

  Status start() {
    replaced_ = false;
    auto opened =
        FileCursor::open(*context_.env->fs, config_.path, {context_.framer, context_.max_record, true}, pool_);
    if (!opened.ok()) return opened.error();
    cursor_ = std::move(*opened);
    if (resume_.empty()) return {};
    const auto json = nlohmann::json::parse(std::exchange(resume_, {}), nullptr, false);
    if (json.is_object() && json.value("inode", std::uint64_t{0}) == cursor_->inode()) {
      cursor_->seek(json.value("offset", std::int64_t{0}));
    }
    return {};
  }

  FileConfig config_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<FileCursor> cursor_;
  std::string resume_;
  bool replaced_ = false;  // the name belongs to another file, or to none
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
  bound.bounded = !config.follow;
  bound.make = [config](const specs::MakeOptions&) {
    specs::Made made;
    if (config.follow) {
      made.source = std::make_unique<FollowedFile>(config);
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
