// Groups of records: the unit that reaches a log's file in one write and is there whole or not at all. Entry points:
// append_record and seal_group to write, parse_group and for_each_record to read. Knows nothing of files. The bytes are
// described in docs/formats/journal.md. Tested in tests/unit/durability/group_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace sr::durability {

// An older reader refuses a type that it does not know, but skips one of 128 or more.
enum class RecordType : std::uint8_t {
  segment = 1,  // the first of every file
  epoch = 2,
  spec = 3,
  plan = 4,
  output = 5,
  commit = 6,
  attempt = 7,
  clean = 8,
  skip = 9,
  input = 16,
};

struct Record {
  RecordType type = RecordType::segment;
  std::uint8_t flags = 0;
  std::uint64_t sequence = 0;
  std::string_view payload;
};

inline constexpr std::size_t kGroupHeaderBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 8;

// Appends a record to the body of a group.
void append_record(std::string& body, RecordType type, std::uint8_t flags, std::string_view payload);

// Where a group stands: in which file, behind which group.
struct GroupPlace {
  std::uint64_t segment = 0;
  std::uint64_t sequence = 0;  // of its first record
  std::uint32_t previous = 0;  // the checksum of the group before; 0 at a file's start
};

// Gives the bytes of a group: header, body, zeros up to a multiple of 8.
std::string seal_group(const GroupPlace& place, std::string_view body, std::uint32_t records);
// Gives the bytes of a group without records, a mark: what lies before its place was synced. `closed`: another
// segment follows.
std::string seal_mark(const GroupPlace& place, bool closed);

// Gathers records and seals them in place, so that what is logged is copied once.
class GroupBuilder {
 public:
  bool empty() const { return records_ == 0; }
  std::uint32_t records() const { return records_; }
  std::size_t size() const { return size_; }  // of the records in bytes

  // Adds a record whose payload is `head` and then `rest`.
  void append(RecordType type, std::uint8_t flags, std::string_view head, std::string_view rest);
  // Takes over the records of another one, behind its own.
  void take(GroupBuilder& later);
  // Gives the bytes of the group for a place, as seal_group; valid until the next call. May be sealed again.
  std::string_view seal(const GroupPlace& place);
  // Forgets the records and keeps a moderate amount of memory.
  void clear();

 private:
  std::string bytes_;  // room for the header, the records; behind them what sealing has put there
  std::size_t size_ = 0;
  std::uint32_t records_ = 0;
};

// Gives the checksum of a sealed group.
std::uint32_t group_checksum(std::string_view group);

struct Group {
  GroupPlace place;
  std::uint32_t checksum = 0;
  std::uint32_t records = 0;
  bool closed = false;  // of a mark
  std::string_view body;
  std::size_t size = 0;  // in the file
};

// Reads the group at the front of `bytes`; nothing if there is no intact one of this segment.
std::optional<Group> parse_group(std::string_view bytes, std::uint64_t segment);
// Tells whether `bytes` begin like a group of this segment.
bool begins_group(std::string_view bytes, std::uint64_t segment);
// Visits the records in order. Types of 128 and more are handed out like others.
Status for_each_record(const Group& group, const std::function<Status(const Record&)>& visit);

}  // namespace sr::durability
