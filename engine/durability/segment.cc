#include "engine/durability/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"

namespace sr::durability {

namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::int64_t kMarkBytes = kGroupHeaderBytes;
constexpr std::size_t kHeaderLimit = 4096;  // more than any header has

// Finds an intact group behind the front: what a crash leaves has none.
bool group_behind(std::string_view bytes, std::uint64_t segment) {
  for (std::size_t offset = 8; offset + kGroupHeaderBytes <= bytes.size(); offset += 8) {
    if (parse_group(bytes.substr(offset), segment)) return true;
  }
  return false;
}

class Scanner {
 public:
  Scanner(const LogFiles& files, const ScanRequest& request, std::string_view bytes)
      : files_(files), request_(request), bytes_(bytes) {}

  SegmentScan run(const std::function<Status(const Record&)>& visit) {
    const Result<SegmentHeader> header = parse_segment_header(files_, request_.number, bytes_);
    if (!header.ok()) {
      damaged(header.error().message);
      return std::move(scan_);
    }
    begin(*header);
    while (!scan_.damage && !at_end() && step(visit)) {
    }
    const bool whole = bytes_.size() % header->step == 0 || left_out(Failpoint::segment_size);
    scan_.synced = synced_ == scan_.end.next_sequence;
    if (!scan_.damage && !whole) damaged("the file has been cut short");
    return std::move(scan_);
  }

 private:
  std::string_view rest() const {
    return bytes_.substr(std::min(bytes_.size(), static_cast<std::size_t>(scan_.end.offset)));
  }

  void damaged(std::string what) {
    scan_.damage = Damage{files_.path(request_.number), scan_.end.offset, std::move(what)};
  }

  void begin(const SegmentHeader& header) {
    const Group front = *parse_group(bytes_, request_.number);
    scan_.header = header;
    if (front.size + kGroupHeaderBytes > bytes_.size()) return damaged("the file has been cut short");
    scan_.mark_offset = static_cast<std::int64_t>(front.size);
    scan_.end = {scan_.mark_offset + kMarkBytes, header.first_sequence, front.checksum};
    const std::optional<Group> mark = parse_group(bytes_.substr(front.size), request_.number);
    if (!mark || mark->records > 0) return;  // lost in a crash
    synced_ = mark->place.sequence;
    scan_.closed = mark->closed;
  }

  bool at_end() {
    if (!request_.next) return false;
    const auto end = static_cast<std::int64_t>(request_.next->previous_end);
    if (scan_.end.offset < end) return false;
    const bool as_told =
        (scan_.end.offset == end || left_out(Failpoint::segment_end_place)) &&
        (scan_.end.checksum == request_.next->previous_checksum || left_out(Failpoint::segment_end_checksum)) &&
        (scan_.end.next_sequence == request_.next->first_sequence || left_out(Failpoint::segment_end_sequence));
    if (!as_told) damaged("the file does not end as the next one says");
    return true;
  }

  bool belongs_here(const Group& group) const {
    return (group.records > 0 || left_out(Failpoint::group_records)) &&
           (group.place.sequence == scan_.end.next_sequence || left_out(Failpoint::group_sequence)) &&
           (group.place.previous == scan_.end.checksum || left_out(Failpoint::group_previous));
  }

  // Takes the next group. False: there is none, or no good one.
  bool step(const std::function<Status(const Record&)>& visit) {
    const std::optional<Group> group = parse_group(rest(), request_.number);
    if (!group) {
      stop();
    } else if (!belongs_here(*group)) {
      damaged("a group of records stands there that belongs elsewhere");
    } else if (const Status taken = for_each_record(*group, visit); !taken.ok()) {
      damaged(taken.error().message);
    } else {
      scan_.end.offset += static_cast<std::int64_t>(group->size);
      scan_.end.checksum = group->checksum;
      scan_.end.next_sequence += group->records;
      return true;
    }
    return false;
  }

  // Judges what lies where no intact group is.
  void stop() {
    const bool inside = request_.next && !left_out(Failpoint::group_inside);
    const bool synced = scan_.end.next_sequence < synced_ && !left_out(Failpoint::group_synced);
    if (inside || synced) {
      damaged("a group of records that was synced is gone or does not match its checksum");
    } else if (group_behind(rest(), request_.number) && !left_out(Failpoint::group_followed)) {
      damaged("a group of records does not match its checksum, and an intact one follows");
    } else {
      scan_.torn = begins_group(rest(), request_.number);
    }
  }

  const LogFiles& files_;
  const ScanRequest& request_;
  std::string_view bytes_;
  SegmentScan scan_;
  std::uint64_t synced_ = 0;  // the sequence behind the last record that was synced
};

Result<std::string> front_of(const LogFiles& files, std::uint64_t number) {
  const auto file = files.fs->open(files.path(number), OpenMode::read);
  SR_TRY(file);
  std::string front(kHeaderLimit, '\0');
  std::size_t size = 0;
  while (size < front.size()) {
    const auto got = file.value()->pread(front.data() + size, front.size() - size, static_cast<std::int64_t>(size));
    SR_TRY(got);
    if (*got == 0) break;
    size += *got;
  }
  front.resize(size);
  return front;
}

}  // namespace

std::string LogFiles::path(std::uint64_t number) const {
  return dir + "/" + prefix + std::to_string(number);
}

std::string encode_segment_header(const LogFiles& files, const SegmentHeader& header) {
  std::string payload;
  put_value(payload, kVersion);
  put_value(payload, header.number);
  put_value(payload, static_cast<std::uint8_t>(header.origin));
  put_value(payload, header.first_sequence);
  put_value(payload, header.previous_end);
  put_value(payload, header.previous_checksum);
  put_value(payload, header.step);
  put_text(payload, files.kind);
  put_text(payload, files.folder_id);
  std::string body;
  append_record(body, RecordType::segment, 0, payload);
  return seal_group({header.number, 0, 0}, body, 1);
}

Result<SegmentHeader> parse_segment_header(const LogFiles& files, std::uint64_t number, std::string_view bytes) {
  const auto wrong = [](const char* what) { return Error{what, false, "damaged"}; };
  const std::optional<Group> group = parse_group(bytes, number);
  if (!group) return wrong("its header does not match its checksum, or the file belongs to another place");
  SegmentHeader header;
  std::uint32_t version = 0;
  std::string kind;
  bool whole = false;
  SR_TRY(for_each_record(*group, [&](const Record& record) -> Status {
    ByteReader in(record.payload);
    version = in.value<std::uint32_t>();
    header.number = in.value<std::uint64_t>();
    header.origin = static_cast<SegmentOrigin>(in.value<std::uint8_t>());
    header.first_sequence = in.value<std::uint64_t>();
    header.previous_end = in.value<std::uint64_t>();
    header.previous_checksum = in.value<std::uint32_t>();
    header.step = in.value<std::uint64_t>();
    kind = in.text();
    header.folder_id = in.text();
    whole = in.done() && record.type == RecordType::segment && header.origin <= SegmentOrigin::mended;
    return {};
  }));
  if (version > kVersion && !left_out(Failpoint::segment_version))
    return Error{"it was written by a newer version of streamrun", false, "version"};
  whole = whole && version > 0 && header.number == number;
  if (header.step == 0 || (!whole && !left_out(Failpoint::segment_header))) return wrong("its header makes no sense");
  const bool of_kind = kind == files.kind || left_out(Failpoint::segment_kind);
  const bool of_folder =
      files.folder_id.empty() || header.folder_id == files.folder_id || left_out(Failpoint::segment_folder);
  if (!of_kind || !of_folder) return wrong("it belongs to another checkpoint folder");
  return header;
}

Result<SegmentHeader> read_segment_header(const LogFiles& files, std::uint64_t number) {
  const Result<std::string> front = front_of(files, number);
  SR_TRY(front);
  return parse_segment_header(files, number, *front);
}

Error damage_error(const Damage& damage, std::string_view lost, std::string_view remedy) {
  return Error{
      fmt::format("{} is damaged at byte {}: {}; {}. {}", damage.path, damage.offset, damage.what, lost, remedy), false,
      "damaged"};
}

SegmentScan scan_segment(const LogFiles& files, const ScanRequest& request, std::string_view bytes,
                         const std::function<Status(const Record&)>& visit) {
  return Scanner(files, request, bytes).run(visit);
}

Result<SegmentList> list_segments(const LogFiles& files) {
  const auto names = files.fs->list(files.dir);
  SR_TRY(names);
  SegmentList found;
  for (const std::string& name : *names) {
    if (!name.starts_with(files.prefix)) continue;
    const char* const end = name.data() + name.size();
    std::uint64_t number = 0;
    const auto [stopped, failed] = std::from_chars(name.data() + files.prefix.size(), end, number);
    if (failed != std::errc()) continue;
    if (stopped == end) found.numbers.push_back(number);
    if (std::string_view(stopped, static_cast<std::size_t>(end - stopped)) == ".new") found.unfinished.push_back(name);
  }
  std::sort(found.numbers.begin(), found.numbers.end());
  return found;
}

Status rewrite_segment(const LogFiles& files, const SegmentScan& scan, std::string_view bytes) {
  const std::string path = files.path(scan.header.number);
  const std::string fresh = path + ".new";
  auto file = files.fs->open(fresh, OpenMode::truncate);
  SR_TRY(file);
  const auto step = static_cast<std::int64_t>(scan.header.step);
  SR_TRY((*file)->preallocate((scan.end.offset + step - 1) / step * step));
  std::string kept(bytes.substr(0, static_cast<std::size_t>(scan.end.offset)));
  const std::string mark = seal_mark({scan.header.number, scan.end.next_sequence, scan.end.checksum}, false);
  kept.replace(static_cast<std::size_t>(scan.mark_offset), mark.size(), mark);
  SR_TRY((*file)->pwrite(kept, 0));
  SR_TRY(sync_file(**file, Failpoint::copied_segment_bytes));
  SR_TRY(files.fs->rename(fresh, path));
  return sync_names(*files.fs, files.dir, Failpoint::copied_segment_name);
}

}  // namespace sr::durability
