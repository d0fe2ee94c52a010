// text_files: one text file for each batch, `prefix-TIME_IN_MS[.suffix]`, a line for each row.
//
//   archive:
//     type: text_files
//     input: counts
//     prefix: out/counts
//     suffix: txt
//
// A file appears whole or not at all. With a checkpoint folder each batch is written exactly once; without one a taken
// name gets `-2`. Tested in tests/jobs and tests/unit/operators/file_sinks_test.cc.
#include "operators/support/batch_files.h"
#include "operators/support/row_text.h"
#include "operators/support/whole_file.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct TextFilesConfig {
  std::string prefix;
  std::string suffix;
  bool write_empty = false;
};

class TextFiles final : public flow::Sink {
 public:
  explicit TextFiles(const TextFilesConfig& config) : config_(config) {}

  Status open(const flow::SinkContext& context) override {
    env_ = context.env;
    file_options_ = {context.durable, context.durable ? owner_mark(context.job, context.id) : ""};
    const auto [folder, name] = split_path(config_.prefix);
    SR_TRY(make_folder(*env_->fs, folder, context.durable));
    if (!context.durable) return {};
    if (context.planned.id > 0) {
      const auto ahead = files_behind(*env_->fs, context.planned.time_ms);
      if (!ahead.ok()) return ahead.error();
      SR_TRY(files_ahead(*ahead, context.planned));
    }
    return remove_leftovers(*env_->fs, folder, name, file_options_.owner, "");
  }

  Result<bool> holds(const Tick& tick) override {
    return file_options_.durable && holds_something(*env_->fs, file(tick.time_ms));
  }

  Result<std::string> adopt(const flow::SinkContext& context) override {
    if (context.planned.id == 0) return std::string{};
    const auto ahead = files_behind(*context.env->fs, context.planned.time_ms);
    return ahead.ok() ? set_files_aside(*context.env->fs, *ahead) : Result<std::string>(ahead.error());
  }

  std::unique_ptr<flow::Encoded> encode(const Chunk& chunk, const Tick&) const override {
    auto encoded = std::make_unique<flow::EncodedText>();
    chunk.selection().for_each([&](std::uint32_t row) {
      write_row_text(encoded->text, chunk, row);
      encoded->text.push('\n');
    });
    return encoded;
  }

  Status begin(const Tick& tick) override {
    file_ = std::make_unique<WholeFile>(*env_->fs, file(tick.time_ms), file_options_);
    rows_ = false;
    return {};
  }

  Status write(const flow::Encoded& encoded) override {
    rows_ = true;
    return file_->write(static_cast<const flow::EncodedText&>(encoded).text.view());
  }

  Result<std::string> commit(const Tick&) override {
    std::string name;
    if (rows_ || config_.write_empty) {
      Result<std::string> published = file_->publish();
      if (!published.ok()) return published;
      name = *published;
    }
    file_.reset();
    return name;
  }

  void abort(const Tick&) override { file_.reset(); }
  Status close() override {
    file_.reset();
    return {};
  }

 private:
  std::string ending() const { return config_.suffix.empty() ? "" : "." + config_.suffix; }
  std::string file(std::int64_t time_ms) const { return config_.prefix + "-" + std::to_string(time_ms) + ending(); }
  Result<std::vector<std::string>> files_behind(Fs& fs, std::int64_t after_ms) const {
    const auto [folder, name] = split_path(config_.prefix);
    const auto named = [this](std::int64_t time_ms) { return file(time_ms); };
    return operators::files_behind(fs, {folder, name + "-", ending(), named}, after_ms);
  }

  TextFilesConfig config_;
  Environment* env_ = nullptr;
  WholeFileOptions file_options_;
  std::unique_ptr<WholeFile> file_;
  bool rows_ = false;
};

std::optional<specs::BoundNode> bind_text_files(const TextFilesConfig& config, specs::BindContext&) {
  specs::BoundNode bound;
  bound.writes = {config.prefix};
  bound.make = [config](const specs::MakeOptions&) {
    specs::Made made;
    made.sink = std::make_unique<TextFiles>(config);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<TextFilesConfig>> text_files_options() {
  auto table = std::make_shared<specs::OptionTable<TextFilesConfig>>();
  table->option("prefix", &TextFilesConfig::prefix)
      .required()
      .doc("Folder and beginning of the file's name; the batch's time in milliseconds follows.")
      .example("out/counts");
  table->option("suffix", &TextFilesConfig::suffix).doc("Extension of the files, without the dot.").example("txt");
  table->option("write_empty", &TextFilesConfig::write_empty).doc("Writes a file for a batch without rows too.");
  return table;
}

}  // namespace

void register_text_files(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "text_files";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Writes one text file for each batch.";
  info.example = "archive:\n  type: text_files\n  input: counts\n  prefix: out/counts\n  suffix: txt\n";
  info.capabilities.transactional = true;
  info.capabilities.idempotent = true;
  registry.add(specs::node<TextFilesConfig>(std::move(info), text_files_options(), bind_text_files));
}

}  // namespace sr::operators
