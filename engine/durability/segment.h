// Segments: the numbered files of a log (a job's journal or its input log). Entry point: scan_segment, which tells a
// torn tail, which a crash may leave, from damage, which it may not. Knows nothing of what records mean. The bytes and
// the rules are described in docs/formats/journal.md. Tested in tests/unit/durability/segment_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/durability/group.h"

namespace sr::durability {

// Where the files of a log lie and whose they are.
struct LogFiles {
  Fs* fs = nullptr;
  std::string dir;
  std::string prefix;     // of the file names, before the number
  std::string kind;       // `journal` or `wal`: told in each header, so that no file passes for the other
  std::string folder_id;  // of the checkpoint folder; empty: not known, any fits

  std::string path(std::uint64_t number) const;
};

// What stands before a segment.
enum class SegmentOrigin : std::uint8_t {
  follows = 0,  // the segment of the number before
  first = 1,    // nothing: the log begins here
  mended = 2,   // something that a repair has dropped
};

// The record at the front of each segment.
struct SegmentHeader {
  std::uint64_t number = 0;
  SegmentOrigin origin = SegmentOrigin::follows;
  std::uint64_t first_sequence = 1;     // of the first record behind the header
  std::uint64_t previous_end = 0;       // where the segment before ends, if this one follows it
  std::uint32_t previous_checksum = 0;  // of the last group there
  std::uint64_t step = 0;               // the file's size is a multiple of this
  std::string folder_id;
};

// Gives the group at the front of a segment. The mark of the last sync stands behind it, then the groups of records.
std::string encode_segment_header(const LogFiles& files, const SegmentHeader& header);

// Damage: what no crash can have left.
struct Damage {
  std::string path;
  std::int64_t offset = 0;
  std::string what;
};
// Gives the error for a damage: `lost` says what a repair would drop, `remedy` what to do.
Error damage_error(const Damage& damage, std::string_view lost, std::string_view remedy);

// Where a log's next group goes.
struct LogEnd {
  std::int64_t offset = 0;
  std::uint64_t next_sequence = 1;
  std::uint32_t checksum = 0;  // of the group before
};

struct SegmentScan {
  SegmentHeader header;
  LogEnd end;
  std::int64_t mark_offset = 0;
  bool torn = false;             // something unfinished lies behind `end`
  bool closed = false;           // it says that another segment follows
  bool synced = false;           // it says that all up to `end` was synced
  std::optional<Damage> damage;  // `end` is then the last good place
};

struct ScanRequest {
  std::uint64_t number = 0;
  std::optional<SegmentHeader> next;  // of the segment behind; without, this is the last one
};

// Reads the header of a segment from the front of its bytes; an error tells what is wrong with it.
Result<SegmentHeader> parse_segment_header(const LogFiles& files, std::uint64_t number, std::string_view bytes);
// The same from its file. An error with code "damaged" means damage, any other one that it cannot be read.
Result<SegmentHeader> read_segment_header(const LogFiles& files, std::uint64_t number);

// Scans a segment's bytes and hands its records to `visit`, without the header. An error of the visitor is damage at
// the place of its group.
SegmentScan scan_segment(const LogFiles& files, const ScanRequest& request, std::string_view bytes,
                         const std::function<Status(const Record&)>& visit);

// The numbers of a log's segments in ascending order, and the files that a crash has left unfinished.
struct SegmentList {
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> unfinished;  // names
};
Result<SegmentList> list_segments(const LogFiles& files);

// Replaces a segment by a fresh file with the same bytes up to `end`: what a failed sync may have left in memory alone
// is then on the disk, and a torn tail is gone.
Status rewrite_segment(const LogFiles& files, const SegmentScan& scan, std::string_view bytes);

}  // namespace sr::durability
