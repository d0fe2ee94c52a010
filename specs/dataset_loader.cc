#include "specs/dataset_loader.h"

#include <optional>

#include "engine/base/hash.h"

namespace sr::specs {

namespace {

class DatasetWrap final : public flow::DatasetLoader {
 public:
  DatasetWrap(std::unique_ptr<flow::DatasetLoader> inner, ReloadConfig reload, expr::BoundRef where)
      : inner_(std::move(inner)), reload_(reload), where_(std::move(where)) {}

  Result<std::shared_ptr<const flow::DatasetVersion>> load(Environment& env, std::int64_t now_ms) override {
    if (loads_ > 0 && !is_due(now_ms)) return std::shared_ptr<const flow::DatasetVersion>();
    auto loaded = inner_->load(env, now_ms);
    next_ms_ = now_ms + reload_.every.ms + jitter(env);
    if (!loaded) return loaded;
    ++loads_;
    if (!*loaded || !where_) return loaded;
    return filtered(**loaded, now_ms);
  }

 private:
  bool is_due(std::int64_t now_ms) const {
    return reload_.mode == ReloadMode::on_change || (reload_.mode == ReloadMode::every && now_ms >= next_ms_);
  }

  std::int64_t jitter(Environment& env) const {
    const auto most = static_cast<std::uint64_t>(static_cast<double>(reload_.every.ms) * reload_.jitter);
    return most == 0 || !env.random ? 0 : static_cast<std::int64_t>(env.random->next() % (most + 1));
  }

  // Keeps the rows where the predicate is true; a row that fails makes the load fail.
  Result<std::shared_ptr<const flow::DatasetVersion>> filtered(const flow::DatasetVersion& from,
                                                               std::int64_t now_ms) const {
    auto kept = std::make_shared<flow::DatasetVersion>();
    kept->version = from.version;
    kept->schema = from.schema;
    Tick tick;
    tick.time_ms = now_ms;
    for (const Chunk& chunk : from.chunks) {
      expr::RowErrors errors;
      auto selected = std::make_shared<Vec<std::uint32_t>>();
      expr::EvalInput input{chunk.columns, chunk.rows, chunk.selection(), &tick};
      expr::select_true(*where_, input, errors, *selected);
      if (!errors.empty()) return Error{"`where` of a dataset failed: " + errors.sorted().front().message};
      if (selected->empty()) continue;
      Chunk part = chunk;
      part.selected = std::move(selected);
      kept->chunks.push_back(part.compact());
    }
    return std::shared_ptr<const flow::DatasetVersion>(std::move(kept));
  }

  std::unique_ptr<flow::DatasetLoader> inner_;
  ReloadConfig reload_;
  expr::BoundRef where_;
  std::int64_t loads_ = 0;
  std::int64_t next_ms_ = 0;
};

}  // namespace

std::unique_ptr<flow::DatasetLoader> wrap_dataset(std::unique_ptr<flow::DatasetLoader> loader,
                                                  const BoundEntry& entry) {
  return std::make_unique<DatasetWrap>(std::move(loader), entry.spec->common.reload, entry.where);
}

}  // namespace sr::specs
