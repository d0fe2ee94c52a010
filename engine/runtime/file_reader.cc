#include "engine/runtime/file_reader.h"

#include <algorithm>
#include <cstring>

namespace sr::runtime {
namespace {

constexpr std::size_t kTailBytes = 1 << 14;

// Appends up to `size` bytes at `offset` to the buffer; gives how many there were.
Result<std::size_t> append(File& file, std::int64_t offset, std::size_t size, Vec<char>& buffer) {
  const std::size_t before = buffer.size();
  buffer.resize(before + size);
  std::size_t filled = 0;
  while (filled < size) {
    auto got = file.pread(buffer.data() + before + filled, size - filled, offset + static_cast<std::int64_t>(filled));
    if (!got.ok()) return got.error();
    if (*got == 0) break;
    filled += *got;
  }
  buffer.resize(before + filled);
  return filled;
}

// Reads on until the record that started last has ended.
Status extend(const flow::InputPiece::FileRange& range, std::int64_t max_record, Vec<char>& buffer) {
  std::int64_t offset = range.offset + range.length;
  std::int64_t more = max_record + 1;
  while (more > 0) {
    const std::size_t before = buffer.size();
    auto got = append(*range.file, offset, std::min<std::size_t>(kTailBytes, static_cast<std::size_t>(more)), buffer);
    if (!got.ok()) return got.error();
    if (*got == 0) return {};
    if (const void* end = std::memchr(buffer.data() + before, '\n', *got)) {
      buffer.resize(static_cast<std::size_t>(static_cast<const char*>(end) - buffer.data()) + 1);
      return {};
    }
    offset += static_cast<std::int64_t>(*got);
    more -= static_cast<std::int64_t>(*got);
  }
  return {};
}

}  // namespace

Result<flow::RawPiece> read_range(const flow::InputPiece::FileRange& range, std::int64_t max_record,
                                  flow::BufferPool& pool) {
  std::shared_ptr<Vec<char>> buffer = pool.take();
  const std::int64_t before =
      range.skip_partial && range.offset > 0 ? 1 : 0;  // tells whether a record begins at the range's start
  buffer->reserve(static_cast<std::size_t>(range.length + before) + kTailBytes);
  const auto size = static_cast<std::size_t>(range.length + before);
  auto got = append(*range.file, range.offset - before, size, *buffer);
  if (!got.ok()) return got.error();
  std::size_t begin = 0;
  if (before > 0) {
    const void* end = std::memchr(buffer->data(), '\n', buffer->size());
    if (!end) return flow::RawPiece{};  // all of it belongs to a record that starts before
    begin = static_cast<std::size_t>(static_cast<const char*>(end) - buffer->data()) + 1;
  }
  const bool whole = *got == size;
  if (begin < buffer->size() && whole && range.extend_to_record && buffer->back() != '\n') {
    SR_TRY(extend(range, max_record, *buffer));
  }
  const std::string_view bytes(buffer->data() + begin, buffer->size() - begin);
  return flow::RawPiece{bytes, std::move(buffer), range.stream_start};
}

}  // namespace sr::runtime
