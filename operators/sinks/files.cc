// files: a folder of files in any format, one for each batch (`<batch time>.<ext>`) or, with `roll`, one for a span of
// time or an amount.
//
//   archive:
//     type: files
//     input: orders
//     path: out/orders
//     format: json
//     roll: {every: 1h, size: 128MiB}
//
// A file appears whole or not at all: what is being written is hidden. `${!batch.time}` in the path is the batch's time
// in milliseconds. With a checkpoint folder each batch is written exactly once. Tested in tests/jobs and
// tests/unit/operators/file_sinks_test.cc.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/base/failpoint.h"
#include "engine/base/hash.h"
#include "engine/observe/log.h"
#include "operators/support/batch_files.h"
#include "operators/support/rolled_file.h"
#include "operators/support/whole_file.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct RollConfig {
  std::optional<Duration> every;
  std::optional<ByteSize> size;
  bool present = false;
  Span span;
  static const std::shared_ptr<const specs::OptionTable<RollConfig>>& table() {
    static const auto options = [] {
      auto made = std::make_shared<specs::OptionTable<RollConfig>>();
      made->option("every", &RollConfig::every)
          .at_least(1)
          .doc("Closes a file when its first batch is this old.")
          .example("1h");
      made->option("size", &RollConfig::size)
          .at_least(1)
          .doc("Closes a file when it holds at least this much.")
          .example("128MiB");
      return std::shared_ptr<const specs::OptionTable<RollConfig>>(made);
    }();
    return options;
  }
};

struct FilesConfig {
  std::string path;
  RollConfig roll;
};

constexpr std::string_view kTimeMark = "${!batch.time}";

// Where a sink's files go and how they begin.
struct FilesPlace {
  FilesConfig config;
  SchemaRef schema;
  std::shared_ptr<const flow::Encoder> encoder;

  bool folder_per_batch() const { return config.path.find(kTimeMark) != std::string::npos; }
  std::string folder(std::int64_t time_ms) const {
    const std::string time = std::to_string(time_ms);
    std::string folder = config.path;
    for (std::size_t at = folder.find(kTimeMark); at != std::string::npos;
         at = folder.find(kTimeMark, at + time.size())) {
      folder.replace(at, kTimeMark.size(), time);
    }
    return folder;
  }
  // The files there that begin with a batch behind this time, in its order.
  Result<std::vector<std::string>> files_behind(Fs& fs, std::int64_t after_ms) const {
    const auto [parent, name] = split_path(file(0));
    BatchNames names{parent, "", name.substr(1), [this](std::int64_t time_ms) { return file(time_ms); }};
    if (folder_per_batch()) {  // the part of the path that has the time in it first
      const std::size_t mark = config.path.find(kTimeMark);
      std::tie(names.folder, names.begin) = split_path(config.path.substr(0, mark));
      const std::size_t behind = mark + kTimeMark.size();
      names.end = config.path.substr(behind, std::min(config.path.find('/', behind), config.path.size()) - behind);
    }
    return operators::files_behind(fs, names, after_ms);
  }
  // The file that begins with the batch of this time.
  std::string file(std::int64_t time_ms) const {
    const std::string in = folder(time_ms);
    return in + (in.ends_with('/') ? "" : "/") + std::to_string(time_ms) + "." + encoder->extension();
  }
};

class FilesSink : public flow::Sink {
 public:
  explicit FilesSink(FilesPlace place) : place_(std::move(place)) {}

  Status open(const flow::SinkContext& context) override {
    env_ = context.env;
    log_ = context.log;
    file_options_ = {context.durable, context.durable ? owner_mark(context.job, context.id) : ""};
    // A folder named after the batch is made with the batch.
    if (!place_.folder_per_batch()) SR_TRY(make_folder(*env_->fs, place_.config.path, context.durable));
    if (!context.durable || context.planned.id == 0) return {};
    const auto ahead = place_.files_behind(*env_->fs, context.planned.time_ms);
    return ahead.ok() ? files_ahead(*ahead, context.planned) : Status{ahead.error()};
  }

  Result<bool> holds(const Tick& tick) override {
    return file_options_.durable && holds_something(*env_->fs, place_.file(tick.time_ms));
  }

  Result<std::string> adopt(const flow::SinkContext& context) override {
    if (context.planned.id == 0) return std::string{};
    const auto ahead = place_.files_behind(*context.env->fs, context.planned.time_ms);
    return ahead.ok() ? set_files_aside(*context.env->fs, *ahead) : Result<std::string>(ahead.error());
  }

  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto encoded = std::make_unique<flow::EncodedText>();
    place_.encoder->encode(chunk, encoded->text);
    return encoded;
  }

 protected:
  Result<std::unique_ptr<WholeFile>> start_file(std::int64_t time_ms) {
    if (place_.folder_per_batch()) SR_TRY(make_folder(*env_->fs, place_.folder(time_ms), file_options_.durable));
    auto file = std::make_unique<WholeFile>(*env_->fs, place_.file(time_ms), file_options_);
    TextBuffer header;
    place_.encoder->header(*place_.schema, header);
    if (header.size() > 0) SR_TRY(file->write(header.view()));
    return file;
  }
  // A renamed sink gives the hidden file that it had under its former id its new mark.
  Status take_over(const flow::SinkContext& context) const {
    const auto mark = context.was.empty() ? std::nullopt : parse_rolled_mark(context.last_token);
    if (!mark) return {};
    Status renamed =
        env_->fs->rename_no_replace(WholeFile::hidden_name(mark->path, owner_mark(context.job, context.was)),
                                    WholeFile::hidden_name(mark->path, file_options_.owner));
    if (!renamed.ok()) return renamed.error().code == "ENOENT" ? Status{} : renamed;  // done, or it has its name
    return sync_names(*env_->fs, split_path(mark->path).first, Failpoint::sink_hidden_name);
  }
  // Tells files with other columns in their header apart.
  std::string header_hash() const {
    TextBuffer header;
    place_.encoder->header(*place_.schema, header);
    return fmt::format("{:08x}", static_cast<std::uint32_t>(hash_bytes(header.view())));
  }
  // Removes what a run that died has left in the folder, all but the hidden file `kept`.
  Status clean(const std::string& kept) {
    if (!file_options_.durable || place_.folder_per_batch()) return {};
    return remove_leftovers(*env_->fs, split_path(place_.file(0)).first, "", file_options_.owner, kept);
  }

  FilesPlace place_;
  Environment* env_ = nullptr;
  Logger* log_ = nullptr;
  WholeFileOptions file_options_;
};

// A file for each batch.
class BatchFiles final : public FilesSink {
 public:
  using FilesSink::FilesSink;

  Status open(const flow::SinkContext& context) override {
    SR_TRY(FilesSink::open(context));
    // It may have had `roll` before.
    if (context.durable) {
      SR_TRY(take_over(context));
      SR_TRY(close_rolled_file(context));
    }
    return clean("");
  }
  Status begin(const Tick& tick) override {
    begun_ms_ = tick.time_ms;
    return {};
  }
  Status write(const flow::Encoded& encoded) override {
    if (!file_) {
      auto started = start_file(begun_ms_);
      if (!started.ok()) return started.error();
      file_ = std::move(*started);
    }
    return file_->write(static_cast<const flow::EncodedText&>(encoded).text.view());
  }
  Result<std::string> commit(const Tick&) override {
    if (!file_) return std::string{};
    Result<std::string> name = file_->publish();
    if (name.ok()) file_.reset();
    return name;
  }
  void abort(const Tick&) override { file_.reset(); }
  Status close() override {
    file_.reset();
    return {};
  }

 private:
  std::unique_ptr<WholeFile> file_;
  std::int64_t begun_ms_ = 0;
};

// One file for many batches. In a job with a checkpoint folder each commit's token says how much of which file is
// committed; a full file gets its name only when the next batch begins, because by then the token of its last batch is
// kept. Until then, and while the job is stopped, it is hidden.
class RolledFiles final : public FilesSink {
 public:
  using FilesSink::FilesSink;

  Status open(const flow::SinkContext& context) override {
    SR_TRY(FilesSink::open(context));
    if (!file_options_.durable) return {};
    SR_TRY(take_over(context));
    read_token(context.last_token);
    SR_TRY(clean(standing_ ? WholeFile::hidden_name(standing_->path, file_options_.owner) : ""));
    if (standing_) SR_TRY(take_up());
    return {};
  }

  Status begin(const Tick& tick) override {
    begun_ms_ = tick.time_ms;
    if (standing_ && !file_) SR_TRY(take_up());
    return standing_ && standing_->full ? finish() : Status{};
  }

  Status write(const flow::Encoded& encoded) override {
    if (!file_) {
      auto started = start_file(begun_ms_);
      if (!started.ok()) return started.error();
      file_ = std::move(*started);
    }
    return file_->write(static_cast<const flow::EncodedText&>(encoded).text.view());
  }

  Result<std::string> commit(const Tick& tick) override {
    if (!file_) return std::string{};
    const std::int64_t first_ms = standing_ ? standing_->first_ms : begun_ms_;
    const RollConfig& roll = place_.config.roll;
    const bool full = (roll.every && tick.time_ms - first_ms >= roll.every->ms) ||
                      (roll.size && file_->size() >= roll.size->bytes) || (file_options_.durable && tick.last);
    if (full && !file_options_.durable) {
      Result<std::string> name = file_->publish();
      if (name.ok()) forget();
      return name;
    }
    if (!standing_ || file_->size() != standing_->size) SR_TRY(file_->sync());
    standing_ = Standing{file_->path(), first_ms, file_->size(), full};
    newest_ = tick.id;
    return token();
  }

  // What is behind the last commit's length is cut at the next start; a full file gets its name when the sink closes.
  Result<bool> holds(const Tick& tick) override {
    if (standing_ && standing_->full && newest_ == tick.id) return true;
    return FilesSink::holds(tick);
  }

  void abort(const Tick&) override {
    if (!file_) return;
    if (!standing_) return file_.reset();
    if (file_->cut(standing_->size).ok()) return;
    file_->keep();  // its committed bytes are taken up when the next batch begins
    file_.reset();
  }

  Status close() override {
    Status published;
    if (file_ && standing_ && (standing_->full || !file_options_.durable)) {
      const auto name = file_->publish();
      if (!name.ok()) published = name.error();
    }
    if (file_ && standing_) file_->keep();
    file_.reset();
    return published;
  }

 private:
  // The open file as of the last commit.
  struct Standing {
    std::string path;
    std::int64_t first_ms = 0;
    std::int64_t size = 0;
    bool full = false;
  };

  std::string token() const {
    return RolledMark{standing_->full, standing_->size, standing_->first_ms, header_hash(), standing_->path}.text();
  }

  void read_token(std::string_view token) {
    auto mark = parse_rolled_mark(token);
    // Else the name of a finished file: the job had no `roll` then.
    if (!mark) return;
    // A file that the edited job would not go on with is finished as it is.
    const bool ends = mark->header != header_hash() || mark->path != place_.file(mark->first_ms);
    standing_ = Standing{std::move(mark->path), mark->first_ms, mark->size, mark->full || ends};
  }

  // Goes on with the file that the last commit names.
  Status take_up() {
    auto file = std::make_unique<WholeFile>(*env_->fs, standing_->path, file_options_);
    Status resumed = file->resume(standing_->size);
    if (!resumed.ok() && resumed.error().code == "ENOENT") {
      if (standing_->full) {  // it has its name already, and may have been taken from there
        if (!env_->fs->stat(standing_->path).ok()) warn_of_missing();
        standing_.reset();
        return {};
      }
      // It got its name in a run whose last commit was lost: hide it again.
      const std::string hidden = WholeFile::hidden_name(standing_->path, file_options_.owner);
      if (!env_->fs->rename_no_replace(standing_->path, hidden).ok()) {
        return Error{fmt::format("{} is gone: {} bytes were committed to it, and it never got its name {}", hidden,
                                 standing_->size, standing_->path)};
      }
      resumed = file->resume(standing_->size);
    }
    SR_TRY(resumed);
    file_ = std::move(file);
    return standing_->full ? finish() : Status{};
  }

  void warn_of_missing() const {
    if (log_ == nullptr) return;
    log_->warn(
        "a file that was complete when the job stopped is not there: unless somebody has taken it away, what was "
        "committed to it is lost",
        {{"path", standing_->path}, {"bytes", standing_->size}});
  }

  Status finish() {
    const auto name = file_->publish();
    if (name.ok()) {
      forget();
      return {};
    }
    file_->keep();  // the next attempt looks for it: it may have got its name
    file_.reset();
    return name.error();
  }

  void forget() {
    file_.reset();
    standing_.reset();
  }

  std::unique_ptr<WholeFile> file_;
  std::optional<Standing> standing_;
  std::int64_t newest_ = 0;  // the last batch that this run has committed
  std::int64_t begun_ms_ = 0;
};

std::optional<specs::BoundNode> bind_files(const FilesConfig& config, specs::BindContext& context) {
  if (config.roll.present && !config.roll.every && !config.roll.size) {
    context.error("SR2030", config.roll.span, "`roll` needs `every` or `size`", "says nothing");
  }
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  specs::BoundNode bound;
  bound.writes = {config.path};
  if (!schema) return bound;
  if (!context.can_write(*schema) || context.failed()) return std::nullopt;
  bound.make = [config, schema](const specs::MakeOptions& options) {
    specs::Made made;
    FilesPlace place{config, schema, options.encoder};
    if (config.roll.present) {
      made.sink = std::make_unique<RolledFiles>(std::move(place));
    } else {
      made.sink = std::make_unique<BatchFiles>(std::move(place));
    }
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<FilesConfig>> files_options() {
  auto table = std::make_shared<specs::OptionTable<FilesConfig>>();
  table->option("path", &FilesConfig::path)
      .required()
      .doc("The folder; it is made if it is missing. `${!batch.time}` in it is the batch's time in milliseconds.")
      .example("out/orders");
  table->option("roll", &FilesConfig::roll)
      .block(RollConfig::table())
      .doc("Gathers batches in one file, hidden until it is closed; without it each batch has a file.")
      .example("{every: 1h}");
  return table;
}

}  // namespace

void register_files(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "files";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Writes files of any format into a folder, one for each batch or rolled.";
  info.example = "archive:\n  type: files\n  input: orders\n  path: out/orders\n  format: json\n  roll: {every: 1h}\n";
  info.takes_format = true;
  info.default_format = "";
  info.capabilities.transactional = true;
  info.capabilities.idempotent = true;
  registry.add(specs::node<FilesConfig>(std::move(info), files_options(), bind_files));
}

}  // namespace sr::operators
