#include "engine/durability/group.h"

#include <cstring>

#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"

namespace sr::durability {

namespace {

constexpr std::uint32_t kMagic = 0x6c727363;
constexpr std::size_t kChecksumAt = 8;
constexpr std::size_t kKeptBytes = 48 << 20;  // a builder's memory beyond this goes back

std::uint32_t magic_of(std::uint64_t segment) {
  return kMagic ^ static_cast<std::uint32_t>(segment) ^ static_cast<std::uint32_t>(segment >> 32);
}

std::uint32_t checksum_of(std::string_view group) {
  const std::uint32_t front = crc32c(group.substr(0, kChecksumAt));
  const std::string_view behind = group.substr(kChecksumAt + 4);
  return crc32c(front, behind.data(), behind.size());
}

// Fills in the header of a group whose records stand behind it, padded.
void write_header(std::string& group, const GroupPlace& place, std::uint32_t records, bool closed) {
  const std::size_t padded = group.size() - kGroupHeaderBytes;
  SR_CHECK(padded <= UINT32_MAX);
  std::string header;
  put_value(header, magic_of(place.segment));
  put_value(header, static_cast<std::uint32_t>(padded));
  put_value(header, std::uint32_t{0});
  put_value(header, place.previous);
  put_value(header, place.sequence);
  put_value(header, records);
  put_value(header, std::uint32_t{closed});
  SR_CHECK(header.size() == kGroupHeaderBytes);
  std::memcpy(group.data(), header.data(), kGroupHeaderBytes);
  const std::uint32_t checksum = checksum_of(group);
  std::memcpy(group.data() + kChecksumAt, &checksum, sizeof checksum);
}

std::size_t padded(std::size_t size) {
  return (size + 7) / 8 * 8;
}

std::string seal(const GroupPlace& place, std::string_view body, std::uint32_t records, bool closed) {
  std::string group(kGroupHeaderBytes, '\0');
  group.reserve(kGroupHeaderBytes + padded(body.size()));
  group.append(body);
  group.resize(kGroupHeaderBytes + padded(body.size()), '\0');
  write_header(group, place, records, closed);
  return group;
}

void put_record(std::string& to, RecordType type, std::uint8_t flags, std::string_view head, std::string_view rest) {
  const std::size_t size = head.size() + rest.size();
  SR_CHECK(size <= UINT32_MAX);
  put_value(to, static_cast<std::uint32_t>(size));
  put_value(to, static_cast<std::uint8_t>(type));
  put_value(to, flags);
  put_value(to, std::uint16_t{0});
  to.append(head).append(rest);
}

struct Header {
  Group group;  // without its body
  std::uint32_t length = 0;
};

std::optional<Header> parse_header(std::string_view bytes, std::uint64_t segment) {
  ByteReader in(bytes);
  Header header;
  const auto magic = in.value<std::uint32_t>();
  header.length = in.value<std::uint32_t>();
  header.group.checksum = in.value<std::uint32_t>();
  header.group.place.previous = in.value<std::uint32_t>();
  header.group.place.sequence = in.value<std::uint64_t>();
  header.group.place.segment = segment;
  header.group.records = in.value<std::uint32_t>();
  const auto closed = in.value<std::uint32_t>();
  header.group.closed = closed == 1;
  const bool of_segment = magic == magic_of(segment) || left_out(Failpoint::group_segment);
  const bool known = closed == 0 || (closed == 1 && header.group.records == 0) || left_out(Failpoint::group_flags);
  if (!in.ok() || !of_segment || !known) return std::nullopt;
  return header;
}

}  // namespace

void append_record(std::string& body, RecordType type, std::uint8_t flags, std::string_view payload) {
  put_record(body, type, flags, payload, {});
}

void GroupBuilder::append(RecordType type, std::uint8_t flags, std::string_view head, std::string_view rest) {
  bytes_.resize(kGroupHeaderBytes + size_);
  put_record(bytes_, type, flags, head, rest);
  size_ = bytes_.size() - kGroupHeaderBytes;
  ++records_;
}

void GroupBuilder::take(GroupBuilder& later) {
  if (empty()) {
    std::swap(*this, later);
  } else {
    bytes_.resize(kGroupHeaderBytes + size_);
    bytes_.append(later.bytes_, kGroupHeaderBytes, later.size_);
    size_ += later.size_;
    records_ += later.records_;
  }
  later.clear();
}

std::string_view GroupBuilder::seal(const GroupPlace& place) {
  bytes_.resize(kGroupHeaderBytes + size_);
  bytes_.resize(kGroupHeaderBytes + padded(size_), '\0');
  write_header(bytes_, place, records_, false);
  return bytes_;
}

void GroupBuilder::clear() {
  if (bytes_.capacity() > kKeptBytes) std::string().swap(bytes_);
  size_ = 0;
  records_ = 0;
}

std::string seal_group(const GroupPlace& place, std::string_view body, std::uint32_t records) {
  return seal(place, body, records, false);
}

std::string seal_mark(const GroupPlace& place, bool closed) {
  return seal(place, {}, 0, closed);
}

std::uint32_t group_checksum(std::string_view group) {
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, group.data() + kChecksumAt, sizeof checksum);
  return checksum;
}

std::optional<Group> parse_group(std::string_view bytes, std::uint64_t segment) {
  const std::optional<Header> header = parse_header(bytes, segment);
  if (!header || header->length > bytes.size() - kGroupHeaderBytes) return std::nullopt;
  Group group = header->group;
  group.size = kGroupHeaderBytes + header->length;
  group.body = bytes.substr(kGroupHeaderBytes, header->length);
  const bool sound = checksum_of(bytes.substr(0, group.size)) == group.checksum;
  if (!sound && !left_out(Failpoint::group_checksum)) return std::nullopt;
  return group;
}

bool begins_group(std::string_view bytes, std::uint64_t segment) {
  return ByteReader(bytes).value<std::uint32_t>() == magic_of(segment);
}

Status for_each_record(const Group& group, const std::function<Status(const Record&)>& visit) {
  const Error malformed{"a group of records is not what a writer makes", false, "damaged"};
  ByteReader in(group.body);
  Record record;
  record.sequence = group.place.sequence;
  for (std::uint32_t left = group.records; left > 0; --left, ++record.sequence) {
    const auto length = in.value<std::uint32_t>();
    record.type = static_cast<RecordType>(in.value<std::uint8_t>());
    record.flags = in.value<std::uint8_t>();
    const auto zero = in.value<std::uint16_t>();
    record.payload = in.view(length);
    if (!in.ok() || zero != 0) return left_out(Failpoint::group_body) ? Status() : Status(malformed);
    SR_TRY(visit(record));
  }
  return {};
}

}  // namespace sr::durability
