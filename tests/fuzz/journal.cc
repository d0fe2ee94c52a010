// Fuzzes the reader of logs: any bytes are records, a torn tail or damage, never a crash. The first byte chooses
// whether the rest is a file or the records of an intact group.
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/durability/history.h"
#include "engine/durability/segment.h"

namespace {

void scan(const std::string& bytes) {
  using namespace sr::durability;
  const LogFiles files{nullptr, "dir", "journal-", "journal", ""};
  History history(std::nullopt);
  const SegmentScan found =
      scan_segment(files, {1, std::nullopt}, bytes, [&](const Record& record) { return history.add(record); });
  if (found.end.offset > static_cast<std::int64_t>(bytes.size())) {
    sr::check_failed("a log ends within its file", __FILE__, __LINE__);
  }
  (void)std::move(history).finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sr::durability;
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 0) {
    scan(rest);
    return 0;
  }
  (void)decode_manifest(rest).ok();
  SegmentHeader header;
  header.number = 1;
  header.step = 8;
  std::string bytes = encode_segment_header({nullptr, "dir", "journal-", "journal", "folder"}, header);
  const std::uint32_t front = group_checksum(bytes);
  bytes += seal_mark({1, 1, front}, false) + seal_group({1, 1, front}, rest, data[0]);
  scan(bytes);
  return 0;
}
