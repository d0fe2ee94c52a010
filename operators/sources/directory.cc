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
// Tested in tests/unit/operators/directory_source_test.cc.
#include <algorithm>
#include <deque>
#include <set>

#include "engine/observe/log.h"
#include "operators/support/file_cursor.h"
#include "operators/support/glob.h"
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
constexpr int kDeepest = 64;

bool is_ignored(std::string_view name) {
  return name.starts_with('.') || name.starts_with('_') || name.ends_with('~') || name.ends_with(".tmp") ||
         name.ends_with(".part") || name.ends_with(".swp") || name.ends_with(".crdownload");
}

struct FoundFile {
  std::int64_t mtime_us = 0;
  std::string path;
  std::int64_t size = 0;
  auto operator<=>(const FoundFile&) const = default;
};

class Directory final : public flow::Source {
 public:
  explicit Directory(const DirectoryConfig& config) : config_(config) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>& resume_from) override {
    context_ = context;
    if (resume_from && !resume_from->empty()) taken_ = std::stoll(*resume_from);
    auto info = fs().stat(config_.path);
    if (!info.ok()) return info.error();
    if (!info->is_directory) return Error{config_.path + ": is not a directory", false, "ENOTDIR"};
    if (config_.after == AfterFile::move) SR_TRY(fs().make_directories(config_.move_to));
    SR_TRY(look());
    if (!config_.existing) waiting_.clear();
    for (const FoundFile& file : waiting_) total_ += file.size;
    if (!context.loop || context.available_now) return {};
    auto watch = context.loop->watch(config_.path, [this] { changed(); });
    if (watch.ok()) watch_ = std::move(*watch);
    return {};
  }

  Result<flow::SourceSlice> poll(const flow::Budget& budget) override {
    flow::SourceSlice slice;
    flow::Budget left = budget;
    if (budget.batch != batch_) files_in_batch_ = cursor_ ? 1 : 0;
    batch_ = budget.batch;
    SR_TRY(look_again());
    while (left.bytes > 0 && left.records > 0) {
      if (!cursor_ && !start_next()) break;
      if (!cursor_) continue;
      auto more = cursor_->take(left, slice);
      if (!more.ok()) return more.error();
      if (*more) break;
      done_bytes_ += cursor_->size();
      done_.push_back({++taken_, cursor_->path()});
      cursor_.reset();
    }
    slice.more = cursor_ || !waiting_.empty();
    slice.position = std::to_string(taken_);
    return slice;
  }

  bool ended() const override { return (stopped_ || context_.available_now) && !cursor_ && waiting_.empty(); }
  void stop() override {
    stopped_ = true;
    watch_.reset();
    waiting_.clear();
    cursor_.reset();
  }
  void close() override {
    watch_.reset();
    cursor_.reset();
  }
  flow::Progress progress() const override { return {done_bytes_ + (cursor_ ? cursor_->offset() : 0), total_}; }

  void committed(const flow::Position& position) override {
    const std::int64_t upto = position.empty() ? 0 : std::stoll(position);
    while (!done_.empty() && done_.front().number <= upto) {
      finish(done_.front().path);
      done_.pop_front();
    }
  }

 private:
  struct DoneFile {
    std::int64_t number;
    std::string path;
  };

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
    std::vector<FoundFile> found;
    SR_TRY(collect(config_.path, 0, found));
    std::sort(found.begin(), found.end());
    for (FoundFile& file : found) {
      if (seen_.insert(file.path).second) waiting_.push_back(std::move(file));
    }
    return {};
  }

  Status collect(const std::string& folder, int depth, std::vector<FoundFile>& found) {
    auto names = fs().list(folder);
    if (!names.ok()) return depth == 0 ? Status(names.error()) : Status{};
    for (const std::string& name : *names) {
      if (is_ignored(name)) continue;
      const std::string path = folder.ends_with('/') ? folder + name : folder + "/" + name;
      auto info = fs().stat(path);
      if (!info.ok()) continue;  // gone meanwhile
      if (info->is_directory && config_.recursive && depth < kDeepest && path != config_.move_to) {
        SR_TRY(collect(path, depth + 1, found));
      } else if (info->is_regular && matches_glob(config_.pattern, name)) {
        found.push_back({info->mtime_us, path, info->size});
      }
    }
    return {};
  }

  // Opens the next file; false if there is none that this batch may take. A file that has gone is passed over.
  bool start_next() {
    if (waiting_.empty() || at_limit()) return false;
    const std::string path = std::move(waiting_.front().path);
    waiting_.pop_front();
    auto opened = FileCursor::open(fs(), path, {context_.framer, context_.max_record, false}, pool_);
    if (opened.ok()) {
      cursor_ = std::move(*opened);
      ++files_in_batch_;
    } else if (context_.log) {
      context_.log->warn("cannot read a file: " + opened.error().message, {{"source", context_.id}});
    }
    return true;
  }

  void finish(const std::string& path) {
    Status status;
    if (config_.after == AfterFile::remove) status = fs().remove(path);
    if (config_.after == AfterFile::move) status = fs().rename(path, config_.move_to + "/" + split_path(path).second);
    if (!status.ok() && context_.log) context_.log->warn(status.error().message, {{"source", context_.id}});
    // A name that is free again may come back with another file.
    if (config_.after != AfterFile::keep && status.ok()) seen_.erase(path);
  }

  DirectoryConfig config_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::unique_ptr<FileWatch> watch_;
  std::set<std::string> seen_;
  std::deque<FoundFile> waiting_;
  std::unique_ptr<FileCursor> cursor_;
  std::deque<DoneFile> done_;  // read, their batch not yet committed
  std::int64_t taken_ = 0;
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
  table->option("after", &DirectoryConfig::after).doc("What becomes of a file when its batch is committed.");
  table->option("move_to", &DirectoryConfig::move_to)
      .doc("The folder for files that were read, with `after: move`.")
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
