#include "engine/durability/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/durability/byte_reader.h"

namespace sr::durability {

namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderLimit = 4096;  // more than any header has

// Finds an intact group behind the one at `offset`: what a crash leaves has none.
bool group_behind(std::string_view bytes, std::size_t offset, std::uint64_t segment) {
  for (offset += 8; offset + kGroupHeaderBytes <= bytes.size(); offset += 8) {
    if (parse_group(bytes.substr(offset), segment)) return true;
  }
  return false;
}

class Scanner {
 public:
  Scanner(const LogFiles& files, const ScanRequest& request, std::string_view bytes)
      : files_(files), request_(request), bytes_(bytes) {}

  SegmentScan run(const std::function<Status(const Record&)>& visit) {
    scan_.file_bytes = static_cast<std::int64_t>(bytes_.size());
    const Result<SegmentHeader> header = parse_segment_header(files_, request_.number, bytes_);
    if (!header.ok()) return damaged(header.error().message);
    scan_.header = *header;
    const std::optional<Group> front = parse_group(bytes_, request_.number);
    advance(*front);
    scan_.end.next_sequence = header->first_sequence;
    if (bytes_.size() % header->step != 0) cut_short_ = true;
    while (!at_end() && step(visit)) {
    }
    if (!scan_.damage && cut_short_) damaged("the file has been cut short");
    return std::move(scan_);
  }

 private:
  std::string_view rest() const { return bytes_.substr(static_cast<std::size_t>(scan_.end.offset)); }

  SegmentScan& damaged(std::string what) {
    scan_.damage = Damage{files_.path(request_.number), scan_.end.offset, std::move(what)};
    return scan_;
  }

  void advance(const Group& group) {
    scan_.end.offset += static_cast<std::int64_t>(group.size);
    scan_.end.checksum = group.checksum;
    scan_.end.next_sequence = group.place.sequence + group.records;
  }

  bool at_end() {
    if (!request_.next) return false;
    const auto end = static_cast<std::int64_t>(request_.next->previous_end);
    if (scan_.end.offset < end) return false;
    if (scan_.end.offset > end || scan_.end.checksum != request_.next->previous_checksum ||
        scan_.end.next_sequence != request_.next->first_sequence) {
      damaged("the file does not end as the next one says");
    }
    return true;
  }

  // Takes the next group. False: there is none, or no good one.
  bool step(const std::function<Status(const Record&)>& visit) {
    const GroupPlace expected{request_.number, scan_.end.next_sequence, scan_.end.checksum};
    const std::optional<Group> group = parse_group(rest(), request_.number);
    const bool fits = group && group->place.sequence == expected.sequence && group->place.previous == expected.previous;
    if (group && !fits) {
      damaged("a group of records stands there that belongs elsewhere");
      return false;
    }
    if (!fits || group->records == 0) return stop(expected, fits);
    if (const Status taken = for_each_record(*group, visit); !taken.ok()) {
      damaged(taken.error().message);
      return false;
    }
    advance(*group);
    return true;
  }

  // Judges what lies where no group of records is: `mark` if it is the mark of a sync.
  bool stop(const GroupPlace& expected, bool mark) {
    if (request_.next) {
      damaged("a group of records does not match its checksum, and more follow");
    } else if (rest().size() < kGroupHeaderBytes || (!mark && is_cut_group(rest(), expected))) {
      damaged("the file has been cut short");
    } else if (group_behind(bytes_, static_cast<std::size_t>(scan_.end.offset), request_.number)) {
      damaged("a group of records does not match its checksum, and an intact one follows");
    } else {
      scan_.torn =
          !mark && std::any_of(rest().begin(), rest().begin() + kGroupHeaderBytes, [](char c) { return c != 0; });
    }
    return false;
  }

  const LogFiles& files_;
  const ScanRequest& request_;
  std::string_view bytes_;
  SegmentScan scan_;
  bool cut_short_ = false;
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
  if (version > kVersion) return Error{"it was written by a newer version of streamrun", false, "version"};
  if (!whole || version == 0 || header.number != number || header.step == 0) return wrong("its header makes no sense");
  if (kind != files.kind || (!files.folder_id.empty() && header.folder_id != files.folder_id))
    return wrong("it belongs to another checkpoint folder");
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
  const std::int64_t needed = scan.end.offset + static_cast<std::int64_t>(kGroupHeaderBytes);
  SR_TRY((*file)->preallocate((needed + step - 1) / step * step));
  const GroupPlace end{scan.header.number, scan.end.next_sequence, scan.end.checksum};
  SR_TRY((*file)->pwrite(
      std::string(bytes.substr(0, static_cast<std::size_t>(scan.end.offset))) + seal_group(end, "", 0), 0));
  SR_TRY((*file)->sync());
  SR_TRY(files.fs->rename(fresh, path));
  return files.fs->sync_directory(files.dir);
}

}  // namespace sr::durability
