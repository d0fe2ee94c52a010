#include "engine/runtime/dataset_versions.h"

#include <cstring>

#include "engine/base/hash.h"
#include "engine/data/codec.h"

namespace sr::runtime {
namespace {

void put(std::string& out, std::uint32_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

bool get(std::string_view* in, std::uint32_t* number) {
  if (in->size() < sizeof(*number)) return false;
  std::memcpy(number, in->data(), sizeof(*number));
  in->remove_prefix(sizeof(*number));
  return true;
}

}  // namespace

std::string encode_dataset(const flow::DatasetVersion& version) {
  std::string out;
  put(out, static_cast<std::uint32_t>(version.schema->size()));
  for (const Chunk& chunk : version.chunks) {
    put(out, chunk.live_rows());
    for (const ColumnRef& column : chunk.columns) encode_column(out, *column, chunk.selection());
  }
  return out;
}

Result<std::shared_ptr<const flow::DatasetVersion>> decode_dataset(std::string_view bytes, const SchemaRef& schema) {
  const Error other{"the kept version of a dataset has other columns", false, "changed"};
  std::uint32_t columns = 0;
  if (!get(&bytes, &columns) || columns != schema->size()) return other;
  auto version = std::make_shared<flow::DatasetVersion>();
  version->schema = schema;
  // Unlike any number that a loader gives, and the same for the same rows.
  version->version = hash_bytes(bytes) | (std::uint64_t{1} << 63);
  while (!bytes.empty()) {
    Chunk chunk;
    chunk.schema = schema;
    if (!get(&bytes, &chunk.rows)) return other;
    for (const Field& field : schema->fields) {
      auto column = decode_column(&bytes, field.type);
      if (!column.ok()) return column.error();
      chunk.columns.push_back(std::move(*column));
    }
    version->chunks.push_back(std::move(chunk));
  }
  return std::shared_ptr<const flow::DatasetVersion>(std::move(version));
}

std::string dataset_hash(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::uint64_t hash = hash_bytes(bytes);
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4) text[i] = kDigits[hash & 15];
  return text;
}

}  // namespace sr::runtime
