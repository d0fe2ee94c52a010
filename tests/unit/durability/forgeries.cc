// Forged records, groups and segments; see forgeries.h. Those of whole folders stand in forged_folders.cc.
#include "forgeries.h"

#include <cstring>

#include "engine/base/crc32c.h"
#include "engine/base/env_virtual.h"
#include "engine/durability/byte_reader.h"
#include "engine/durability/folder.h"
#include "engine/durability/history.h"
#include "engine/durability/segment.h"
#include "engine/durability/wal.h"
#include "forged_folders.h"
#include "golden.h"

namespace sr::durability {

namespace {

constexpr std::int64_t kForgedEpoch = 77;  // told by each forged record that might be read

std::string body_of(std::initializer_list<std::pair<RecordType, std::string>> records) {
  std::string body;
  for (const auto& [type, payload] : records) append_record(body, type, 0, payload);
  return body;
}

std::string plan_of(std::int64_t batch) {
  BatchPlan plan;
  plan.tick.id = batch;
  return encode_plan(plan);
}

std::string commit_of(std::int64_t batch) {
  BatchCommit commit;
  commit.tick.id = batch;
  return encode_commit(commit);
}

// Puts right the checksum of a group that was changed.
std::string sealed_again(std::string group) {
  const std::uint32_t front = crc32c(std::string_view(group).substr(0, 8));
  const std::uint32_t checksum = crc32c(front, group.data() + 12, group.size() - 12);
  std::memcpy(group.data() + 8, &checksum, sizeof checksum);
  return group;
}

// A journal of two segments, written by hand.
struct Journal {
  SegmentHeader first;
  SegmentHeader second;
  std::string kind = "journal";
  std::string folder_id = "id";
  bool is_cut = false;                                    // the second segment behind its mark
  bool first_is_torn = false;                             // and its mark lost
  std::function<std::string(std::string)> change_header;  // of the second segment
  std::function<std::string(const GroupPlace&)> last_group;

  std::string segment(const LogFiles& files, const SegmentHeader& header, const std::string& more) const {
    std::string front = encode_segment_header(files, header);
    if (change_header && header.number == 2) front = change_header(front);
    const std::uint32_t checksum = group_checksum(front);
    const std::string group = last_group && header.number == 2
                                  ? last_group({2, header.first_sequence, checksum})
                                  : seal_group({header.number, header.first_sequence, checksum}, more, 1);
    std::string bytes = front + seal_mark({header.number, header.first_sequence, checksum}, false) + group;
    bytes.resize(is_cut && header.number == 2 ? front.size() + kGroupHeaderBytes : 512, '\0');
    if (first_is_torn && header.number == 1)
      bytes.replace(front.size(), kGroupHeaderBytes + 8, kGroupHeaderBytes + 8, '\0');
    return bytes;
  }
};

// The journal as a writer would make it; the second segment tells the forged epoch.
Journal honest() {
  Journal journal;
  journal.first = {1, SegmentOrigin::first, 1, 0, 0, 512, ""};
  const LogFiles files{nullptr, "", "", "journal", "id"};
  const std::string front = encode_segment_header(files, journal.first);
  const std::string group =
      seal_group({1, 1, group_checksum(front)}, body_of({{RecordType::epoch, encode_epoch(1)}}), 1);
  const auto end = front.size() + kGroupHeaderBytes + group.size();
  journal.second = {2, SegmentOrigin::follows, 2, end, group_checksum(group), 512, ""};
  return journal;
}

// Reads a folder with this journal and gives the epoch that it tells; nothing if it is refused.
std::optional<std::int64_t> epoch_told_by(const Journal& journal) {
  VirtualEnvironment world;
  const Folder folder{&world.environment, "forged", "words"};
  SR_CHECK(world.fs.make_directories(folder.snapshots()).ok() && write_format(folder, "id").ok());
  const std::string first = journal.segment({nullptr, "", "", "journal", "id"}, journal.first,
                                            body_of({{RecordType::epoch, encode_epoch(1)}}));
  const std::string second = journal.segment({nullptr, "", "", journal.kind, journal.folder_id}, journal.second,
                                             body_of({{RecordType::epoch, encode_epoch(kForgedEpoch)}}));
  put_tree(world.fs, "forged", {{"journal-1", first}, {"journal-2", second}});
  StoreOptions options = golden_options(world.environment);
  options.dir = "forged";
  const auto found = Store::read(options);
  return found.ok() ? std::optional(found->epoch) : std::nullopt;
}

// True if a folder with this journal is refused, or read without what is forged.
bool is_refused(const Journal& journal) {
  return epoch_told_by(journal) != kForgedEpoch;
}

// A crash has kept the last mark from the disk, so that only the size tells that a group is gone.
bool cut_behind_its_mark() {
  Journal journal = honest();
  journal.is_cut = true;
  return !epoch_told_by(journal);
}

// What an earlier use of a file has left behind the last group is no damage, and not read.
bool left_by_another_segment() {
  Journal journal = honest();
  journal.last_group = [](const GroupPlace& place) {
    const std::string group = seal_group(place, body_of({{RecordType::epoch, encode_epoch(2)}}), 1);
    const GroupPlace before{place.segment + 5, place.sequence + 1, group_checksum(group)};
    return group + seal_group(before, body_of({{RecordType::epoch, encode_epoch(kForgedEpoch)}}), 1);
  };
  return epoch_told_by(journal) == 2;
}

Forgery header_with(const char* name, std::function<void(Journal&)> change) {
  return {name, [change = std::move(change)] {
            Journal journal = honest();
            change(journal);
            return is_refused(journal);
          }};
}

// Records behind the forged epoch.
Forgery records(const char* name, const std::vector<std::pair<RecordType, std::string>>& told) {
  return header_with(name, [told](Journal& journal) {
    journal.last_group = [told](const GroupPlace& place) {
      std::string body = body_of({{RecordType::epoch, encode_epoch(kForgedEpoch)}});
      for (const auto& [type, payload] : told) append_record(body, type, 0, payload);
      return seal_group(place, body, static_cast<std::uint32_t>(told.size() + 1));
    };
  });
}

// A group that stands in the place that it is told.
Forgery group(const char* name, std::function<std::string(GroupPlace place, const std::string& body)> make) {
  return header_with(name, [make = std::move(make)](Journal& journal) {
    journal.last_group = [make](const GroupPlace& place) {
      return make(place, body_of({{RecordType::epoch, encode_epoch(kForgedEpoch)}}));
    };
  });
}

std::vector<Forgery> forged_records() {
  return {
      records("a commit of a batch that is not open", {{RecordType::commit, commit_of(1)}}),
      records("a commit before the one of the batch before",
              {{RecordType::plan, plan_of(1)}, {RecordType::plan, plan_of(2)}, {RecordType::commit, commit_of(2)}}),
      records("a plan again after its commit",
              {{RecordType::plan, plan_of(1)}, {RecordType::commit, commit_of(1)}, {RecordType::plan, plan_of(1)}}),
      records("an output of a batch that is not open", {{RecordType::output, encode_output(1, "n", "b")}}),
      records("an attempt at a batch that is not open", {{RecordType::attempt, encode_attempt(1)}}),
      records("a record left out of a batch that is not open", {{RecordType::skip, encode_skip(1, {"s", 1})}}),
      records("a record of an unknown type", {{static_cast<RecordType>(99), ""}}),
      records("a payload that goes on", {{RecordType::plan, plan_of(1) + "x"}}),
  };
}

std::vector<Forgery> forged_groups() {
  return {
      group("a group with other numbers",
            [](GroupPlace place, const std::string& body) {
              ++place.sequence;
              return seal_group(place, body, 1);
            }),
      group("a group that was written behind another one",
            [](GroupPlace place, const std::string& body) {
              ++place.previous;
              return seal_group(place, body, 1);
            }),
      group("a mark between two groups",
            [](GroupPlace place, const std::string& body) {
              std::string bytes = seal_mark(place, false);
              place.previous = group_checksum(bytes);
              return bytes + seal_group(place, body, 1);
            }),
      group("a group of fewer records than it says",
            [](const GroupPlace& place, const std::string& body) { return seal_group(place, body, 2); }),
      group("a group with unknown flags",
            [](const GroupPlace& place, const std::string& body) {
              std::string bytes = seal_group(place, body, 1);
              bytes[kGroupHeaderBytes - 4] = 2;
              return sealed_again(bytes);
            }),
  };
}

std::vector<Forgery> forged_headers() {
  return {
      header_with("a segment that goes on inside a group", [](Journal& one) { one.second.previous_end -= 8; }),
      header_with("a segment behind another group", [](Journal& one) { ++one.second.previous_checksum; }),
      header_with("a segment behind other records", [](Journal& one) { ++one.second.first_sequence; }),
      header_with("a segment of another log", [](Journal& one) { one.kind = "wal"; }),
      header_with("a segment of another folder", [](Journal& one) { one.folder_id = "another"; }),
      header_with("a torn group before another segment", [](Journal& one) { one.first_is_torn = true; }),
      header_with("a segment from nowhere", [](Journal& one) { one.second.origin = static_cast<SegmentOrigin>(7); }),
      header_with("a segment of a newer version",
                  [](Journal& one) {
                    one.change_header = [](std::string front) {
                      front[kGroupHeaderBytes + kRecordHeaderBytes] = 2;
                      return sealed_again(front);
                    };
                  }),
  };
}

}  // namespace

std::vector<Forgery> forgeries() {
  SR_CHECK(!is_refused(honest()));
  std::vector<Forgery> all = forged_folders();
  all.push_back({"a segment that is cut behind its mark", cut_behind_its_mark});
  all.push_back({"a group of another segment", left_by_another_segment});
  for (auto some : {forged_records(), forged_groups(), forged_headers()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace sr::durability
