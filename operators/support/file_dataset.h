// What the datasets of files share: options, loading, reloading, the filter and the key. Tested in
// tests/jobs/join_dataset.yaml and tests/unit/operators/file_dataset_test.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/flow/format.h"
#include "specs/registry.h"

namespace sr::operators {

// A dataset's file may be this large.
inline constexpr std::int64_t kMostDatasetBytes = std::int64_t{1} << 30;

// `reload: never | on_change | {every, jitter}`.
struct ReloadOption {
  std::optional<Duration> every;
  Duration jitter;
  bool on_change = false;
  static const std::shared_ptr<const specs::OptionTable<ReloadOption>>& table();
  bool from_shorthand(const std::string& word) {
    on_change = word == "on_change";
    return true;
  }
};

// Options that all datasets have.
struct DatasetConfig {
  specs::KeyOption key;
  specs::ExprOption where;
  ReloadOption reload;
};

// Keeps the rows where `where` is true, and of rows with an equal key the last.
struct DatasetRows {
  SchemaRef schema;
  expr::BoundRef where;            // may be null
  std::vector<std::uint32_t> key;  // may be empty
  Result<std::vector<Chunk>> apply(std::vector<Chunk> chunks) const;
};

// Binds `key` and `where` over the dataset's columns; nothing on error.
std::optional<DatasetRows> bind_dataset_rows(const DatasetConfig& config, const SchemaRef& schema,
                                             specs::BindContext& context);

// A dataset in a file, by a decoder.
struct FileDataset {
  std::string path;
  DatasetRows rows;
  ReloadOption reload;
  std::shared_ptr<const flow::Decoder> decoder;
};
specs::BoundNode bound_file_dataset(FileDataset dataset);

// Adds the options of DatasetConfig to a table.
template <class Config>
void add_dataset_options(specs::OptionTable<Config>& table) {
  table.option("key", static_cast<specs::KeyOption Config::*>(&DatasetConfig::key))
      .doc("Columns that tell rows apart: of rows with an equal key the last counts.")
      .example("zone");
  table.option("where", static_cast<specs::ExprOption Config::*>(&DatasetConfig::where))
      .doc("Only rows where this is true are kept.")
      .example("active");
  table.option("reload", static_cast<ReloadOption Config::*>(&DatasetConfig::reload))
      .block(ReloadOption::table())
      .shorthands({"never", "on_change"})
      .doc("When the file is read again: never, when it has changed, or every so often.")
      .default_text("never")
      .example("{every: 10m, jitter: 1m}");
}

}  // namespace sr::operators
