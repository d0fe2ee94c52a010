#include "operators/support/file_dataset.h"

namespace sr::operators {

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

class FileLoader final : public flow::DatasetLoader {
 public:
  explicit FileLoader(FileDataset dataset) : dataset_(std::move(dataset)) {}

  Result<std::shared_ptr<const flow::DatasetVersion>> load(Environment& env, std::int64_t) override {
    const auto info = env.fs->stat(dataset_.path);
    if (!info.ok()) return info.error();
    const bool same = info->inode == seen_.inode && info->size == seen_.size && info->mtime_us == seen_.mtime_us;
    if (version_ != 0 && same) return std::shared_ptr<const flow::DatasetVersion>();
    auto text = env.fs->read_all(dataset_.path, kMostDatasetBytes);
    if (!text.ok()) return text.error();
    seen_ = *info;  // a file that is wrong is read again when it has changed
    auto rows = decode(std::move(*text));
    if (!rows.ok()) return Error{dataset_.path + ": " + rows.error().message};
    auto loaded = std::make_shared<flow::DatasetVersion>();
    loaded->version = ++version_;
    loaded->schema = dataset_.schema;
    loaded->chunks = std::move(*rows);
    return std::shared_ptr<const flow::DatasetVersion>(loaded);
  }

 private:
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
    return std::move(rows.chunks);
  }

  FileDataset dataset_;
  std::uint64_t version_ = 0;
  FileInfo seen_;
};

}  // namespace

specs::BoundNode bound_file_dataset(FileDataset dataset) {
  specs::BoundNode bound;
  bound.ports = {{"", dataset.schema}};
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
