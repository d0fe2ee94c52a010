#include "operators/support/file_dataset.h"

#include <algorithm>

#include "engine/expr/eval.h"
#include "engine/flow/emit_rows.h"
#include "engine/state/group_table.h"

namespace sr::operators {

const std::shared_ptr<const specs::OptionTable<ReloadOption>>& ReloadOption::table() {
  static const auto options = [] {
    auto made = std::make_shared<specs::OptionTable<ReloadOption>>();
    made->option("every", &ReloadOption::every)
        .required()
        .at_least(1)
        .doc("How often the file is read again.")
        .example("10m");
    made->option("jitter", &ReloadOption::jitter)
        .doc("Up to so much is added to each wait, so that many jobs do not reload at once.")
        .example("1m");
    return std::shared_ptr<const specs::OptionTable<ReloadOption>>(made);
  }();
  return options;
}

namespace {

// Gathers what a decoder makes; the first bad record ends it.
class Rows final : public flow::DecodeSink {
 public:
  void chunk(Chunk chunk) override { chunks.push_back(std::move(chunk)); }
  void bad_record(std::string_view raw, std::string message) override {
    if (problem.empty()) problem = message + ": " + std::string(raw.substr(0, 200));
  }
  std::vector<Chunk> chunks;
  std::string problem;
};

// Keeps of rows with an equal key the last, at the place of the first.
Chunk last_by_key(const Chunk& table, const std::vector<std::uint32_t>& key) {
  std::vector<TypeRef> types;
  std::vector<ColumnRef> columns;
  for (const std::uint32_t column : key) {
    types.push_back(table.schema->fields[column].type);
    columns.push_back(table.columns[column]);
  }
  GroupTable seen(types);
  std::vector<std::uint32_t> groups(table.rows);
  seen.find_or_insert(columns, table.selection(), groups.data());
  std::vector<std::uint32_t> last(seen.size());
  for (std::uint32_t row = 0; row < table.rows; ++row) last[groups[row]] = row;
  const Selection rows{last.data(), static_cast<std::uint32_t>(last.size())};
  Chunk kept{table.schema, {}, rows.count, nullptr, nullptr};
  for (const ColumnRef& column : table.columns) kept.columns.push_back(gather(column, rows));
  return kept;
}

class FileLoader final : public flow::DatasetLoader {
 public:
  explicit FileLoader(FileDataset dataset) : dataset_(std::move(dataset)) {}

  Result<std::shared_ptr<const flow::DatasetVersion>> load(Environment& env, std::int64_t now_ms) override {
    if (version_ != 0 && !is_due(env, now_ms)) return std::shared_ptr<const flow::DatasetVersion>();
    const auto info = env.fs->stat(dataset_.path);
    if (!info.ok()) return info.error();
    seen_ = *info;
    if (dataset_.reload.every) next_ms_ = now_ms + dataset_.reload.every->ms + jitter(env);
    auto text = env.fs->read_all(dataset_.path, kMostDatasetBytes);
    if (!text.ok()) return text.error();
    auto rows = decode(std::move(*text));
    if (!rows.ok()) return Error{dataset_.path + ": " + rows.error().message};
    auto loaded = std::make_shared<flow::DatasetVersion>();
    loaded->version = ++version_;
    loaded->schema = dataset_.rows.schema;
    loaded->chunks = std::move(*rows);
    return std::shared_ptr<const flow::DatasetVersion>(loaded);
  }

 private:
  bool is_due(Environment& env, std::int64_t now_ms) const {
    if (dataset_.reload.every) return now_ms >= next_ms_;
    if (!dataset_.reload.on_change) return false;
    const auto info = env.fs->stat(dataset_.path);
    return info.ok() && (info->inode != seen_.inode || info->size != seen_.size || info->mtime_us != seen_.mtime_us);
  }

  std::int64_t jitter(Environment& env) const {
    const auto most = static_cast<std::uint64_t>(dataset_.reload.jitter.ms);
    return most == 0 ? 0 : static_cast<std::int64_t>(env.random->next() % (most + 1));
  }

  Result<std::vector<Chunk>> decode(std::string text) const {
    const std::size_t size = text.size();
    text.append(kReadablePadding, '\0');
    const auto kept = std::make_shared<const std::string>(std::move(text));
    flow::RawPiece piece;
    piece.bytes = std::string_view(kept->data(), size);
    piece.holder = kept;
    piece.stream_start = true;
    Rows rows;
    dataset_.decoder->decode(piece, rows);
    if (!rows.problem.empty()) return Error{rows.problem};
    return dataset_.rows.apply(std::move(rows.chunks));
  }

  FileDataset dataset_;
  std::uint64_t version_ = 0;
  FileInfo seen_;
  std::int64_t next_ms_ = 0;
};

}  // namespace

Result<std::vector<Chunk>> DatasetRows::apply(std::vector<Chunk> chunks) const {
  if (where) {
    for (Chunk& chunk : chunks) {
      expr::RowErrors errors;
      auto selected = std::make_shared<Vec<std::uint32_t>>();
      expr::select_true(*where, {chunk.columns, chunk.rows, chunk.selection()}, errors, *selected);
      if (!errors.empty()) return Error{"`where` of the dataset: " + errors.sorted()[0].message};
      chunk.selected = std::move(selected);
    }
  }
  if (key.empty()) return chunks;
  return std::vector<Chunk>{last_by_key(flow::concat_chunks(schema, chunks), key)};
}

std::optional<DatasetRows> bind_dataset_rows(const DatasetConfig& config, const SchemaRef& schema,
                                             specs::BindContext& context) {
  DatasetRows rows{schema, nullptr, {}};
  expr::Scope scope;
  scope.macros = context.job().macros;
  scope.what = "`" + context.id() + "`";
  if (schema) scope.add(*schema);
  scope.open = !schema;
  if (config.where.present()) {
    rows.where = context.bind_condition(config.where, scope, "`where`");
    if (!rows.where) return std::nullopt;
  }
  const auto key = context.key_columns(config.key.columns, schema);
  if (!key || !schema) return std::nullopt;
  rows.key = *key;
  return rows;
}

specs::BoundNode bound_file_dataset(FileDataset dataset) {
  specs::BoundNode bound;
  bound.ports = {{"", dataset.rows.schema}};
  bound.bounded = true;
  bound.probe = [path = dataset.path](Environment& env) {
    std::vector<std::string> problems;
    const auto info = env.fs->stat(path);
    if (!info.ok()) problems.push_back(info.error().message);
    return problems;
  };
  bound.make = [dataset](const specs::MakeOptions&) {
    specs::Made made;
    made.dataset = std::make_unique<FileLoader>(dataset);
    return made;
  };
  return bound;
}

}  // namespace sr::operators
