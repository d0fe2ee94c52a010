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
// in milliseconds. Tested in tests/jobs and tests/unit/operators/sinks_test.cc.
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

class Files final : public flow::Sink {
 public:
  Files(const FilesConfig& config, SchemaRef schema, std::shared_ptr<const flow::Encoder> encoder)
      : config_(config), schema_(std::move(schema)), encoder_(std::move(encoder)) {}

  Status open(const flow::SinkContext& context) override {
    env_ = context.env;
    durable_ = context.durable;
    // A folder named after the batch is made with the batch.
    return config_.path.find(kTimeMark) == std::string::npos ? env_->fs->make_directories(config_.path) : Status{};
  }

  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto encoded = std::make_unique<flow::EncodedText>();
    encoder_->encode(chunk, encoded->text);
    return encoded;
  }

  Status begin(const Tick& tick) override {
    committed_ = file_ ? file_->size() : 0;
    begun_ms_ = tick.time_ms;
    return {};
  }

  Status write(const flow::Encoded& encoded) override {
    if (!file_) SR_TRY(start_file());
    return file_->write(static_cast<const flow::EncodedText&>(encoded).text.view());
  }

  Result<std::string> commit(const Tick& tick) override {
    if (!file_) return std::string{};
    const bool old = config_.roll.every && tick.time_ms - first_ms_ >= config_.roll.every->ms;
    const bool large = config_.roll.size && file_->size() >= config_.roll.size->bytes;
    if (config_.roll.present && !old && !large) {
      SR_TRY(file_->flush());
      return std::to_string(file_->size());
    }
    Result<std::string> name = file_->publish();
    if (name.ok()) file_.reset();
    return name;
  }

  void abort(const Tick&) override {
    if (!file_) return;
    if (committed_ == 0 || !file_->cut(committed_).ok()) file_.reset();
  }

  void close() override {
    if (file_ && file_->size() > 0) static_cast<void>(file_->publish());
    file_.reset();
  }

 private:
  Status start_file() {
    const std::string time = std::to_string(begun_ms_);
    std::string folder = config_.path;
    for (std::size_t at = folder.find(kTimeMark); at != std::string::npos;
         at = folder.find(kTimeMark, at + time.size())) {
      folder.replace(at, kTimeMark.size(), time);
    }
    if (folder != config_.path) SR_TRY(env_->fs->make_directories(folder));
    const std::string slash = !folder.empty() && folder.back() == '/' ? "" : "/";
    file_ = std::make_unique<WholeFile>(*env_->fs, folder + slash + time + "." + encoder_->extension(), durable_);
    first_ms_ = begun_ms_;
    TextBuffer header;
    encoder_->header(*schema_, header);
    return header.size() > 0 ? file_->write(header.view()) : Status{};
  }

  FilesConfig config_;
  SchemaRef schema_;
  std::shared_ptr<const flow::Encoder> encoder_;
  Environment* env_ = nullptr;
  bool durable_ = false;
  std::unique_ptr<WholeFile> file_;
  std::int64_t first_ms_ = 0;
  std::int64_t begun_ms_ = 0;
  std::int64_t committed_ = 0;  // bytes of the open file that belong to committed batches
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
    made.sink = std::make_unique<Files>(config, schema, options.encoder);
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
