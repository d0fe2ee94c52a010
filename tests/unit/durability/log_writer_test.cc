// How groups reach the disk: one write each, whole or not at all, and what happens when a sync fails.
#include "engine/durability/log_writer.h"

#include <catch2/catch.hpp>

#include "engine/base/env_virtual.h"

namespace sr::durability {
namespace {

struct Fixture {
  VirtualEnvironment world;
  LogWriterOptions options{{&world.fs, "log", "part-", "test", "folder"}, 1024, false};
  std::unique_ptr<LogWriter> log;
  std::vector<FsOperation> operations;
  std::string fail_sync_of;  // every sync of this path fails
  std::int64_t failures = 0;

  Fixture() {
    REQUIRE(world.fs.make_directories("log").ok());
    REQUIRE(world.fs.sync_directory("").ok());
    SegmentHeader first;
    first.number = 1;
    first.origin = SegmentOrigin::first;
    auto made = LogWriter::create(options, first);
    REQUIRE(made.ok());
    log = std::move(*made);
    world.fs.inject([this](const FsOperation& operation) {
      operations.push_back(operation);
      const bool fails =
          operation.kind == FsOperationKind::sync && !fail_sync_of.empty() && operation.path.starts_with(fail_sync_of);
      failures += fails ? 1 : 0;
      return fails ? FsInjection::io_error : FsInjection::none;
    });
  }

  // Reads all segments as recovery would.
  std::vector<std::string> records() {
    std::vector<std::string> found;
    const auto list = list_segments(options.files);
    REQUIRE(list.ok());
    for (std::size_t i = 0; i < list->numbers.size(); ++i) {
      ScanRequest request{list->numbers[i], std::nullopt};
      if (i + 1 < list->numbers.size()) request.next = *read_segment_header(options.files, list->numbers[i + 1]);
      const std::string bytes = *world.fs.read_all(options.files.path(request.number), 1 << 20);
      const SegmentScan scan = scan_segment(options.files, request, bytes, [&](const Record& record) {
        found.emplace_back(record.payload);
        return Status();
      });
      INFO((scan.damage ? scan.damage->what : ""));
      CHECK_FALSE(scan.damage);
    }
    return found;
  }
  int count(FsOperationKind kind) const {
    int found = 0;
    for (const FsOperation& operation : operations) found += operation.kind == kind ? 1 : 0;
    return found;
  }
  void append(const std::string& payload) { log->append(RecordType::input, 0, payload); }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a group is one write and one sync") {
  Fixture one;
  for (int i = 0; i < 5; ++i) one.append("r" + std::to_string(i));
  REQUIRE(one.log->sync().ok());
  CHECK(one.count(FsOperationKind::write) == 2);  // the group and the mark
  CHECK(one.count(FsOperationKind::sync) == 1);
  CHECK(one.log->durable_sequence() == 5);
  CHECK(one.records() == Texts{"r0", "r1", "r2", "r3", "r4"});
  REQUIRE(one.log->sync().ok());
  CHECK(one.count(FsOperationKind::sync) == 1);
}

TEST_CASE("what was flushed outlives the process and is written again by the sync") {
  Fixture one;
  one.append("a");
  one.log->flush();
  one.log->flush();
  CHECK(one.count(FsOperationKind::write) == 1);
  CHECK(one.log->durable_sequence() == 0);
  CHECK(one.records() == Texts{"a"});
  one.append("b");
  REQUIRE(one.log->sync().ok());
  CHECK(one.records() == Texts{"a", "b"});
  one.append("c");
  one.log->flush();
  REQUIRE(one.log->sync().ok());
  CHECK(one.records() == Texts{"a", "b", "c"});
}

TEST_CASE("the file grows durably before a group needs it") {
  Fixture one;
  one.append(std::string(5000, 'x'));
  REQUIRE(one.log->sync().ok());
  CHECK(one.world.fs.stat("log/part-1")->size == 6 * 1024);
  REQUIRE(one.operations.size() >= 4);
  CHECK(one.operations[0].kind == FsOperationKind::preallocate);
  CHECK(one.operations[1].kind == FsOperationKind::sync);
  CHECK(one.operations[2].kind == FsOperationKind::write);
  CHECK(one.operations[3].kind == FsOperationKind::sync);
}

TEST_CASE("a file whose sync has failed is never synced again: the group goes to a new segment") {
  Fixture one;
  one.append("before");
  REQUIRE(one.log->sync().ok());
  one.fail_sync_of = "log/part-1";
  one.append("a");
  one.append("b");
  REQUIRE(one.log->sync().ok());
  CHECK(one.failures == 1);
  CHECK(one.log->segment() == 2);
  one.append("c");
  REQUIRE(one.log->sync().ok());
  CHECK(one.failures == 1);
  one.world.fs.inject(nullptr);
  one.world.fs.crash(CrashMode::lose_unsynced, one.world.random);
  CHECK(one.records() == Texts{"before", "a", "b", "c"});
}

TEST_CASE("a failed sync of a grown file moves the group, too") {
  Fixture one;
  one.fail_sync_of = "log/part-1";
  one.append(std::string(3000, 'x'));
  REQUIRE(one.log->sync().ok());
  CHECK(one.failures == 1);
  one.world.fs.inject(nullptr);
  one.world.fs.crash(CrashMode::lose_unsynced, one.world.random);
  CHECK(one.records() == Texts{std::string(3000, 'x')});
}

TEST_CASE("a second failure is final") {
  Fixture one;
  one.fail_sync_of = "log/";
  one.append("a");
  const Status failed = one.log->sync();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == "EIO");
  CHECK(one.failures == 2);
  one.fail_sync_of.clear();
  CHECK_FALSE(one.log->sync().ok());
  CHECK_FALSE(one.log->rotate().ok());
  one.append("b");
  one.log->flush();
  CHECK_FALSE(one.log->sync().ok());
  CHECK(one.log->durable_sequence() == 0);
  CHECK_FALSE(one.world.fs.stat("log/part-2").ok());
}

TEST_CASE("on a full disk a group waits, whole") {
  Fixture one;
  one.append(std::string(3000, 'x'));
  one.world.fs.set_capacity(1024);
  one.log->flush();
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Status full = one.log->sync();
    REQUIRE_FALSE(full.ok());
    CHECK(full.error().code == "ENOSPC");
    CHECK(is_disk_full(full.error()));
  }
  CHECK_FALSE(one.log->rotate().ok());
  one.world.fs.set_capacity(1 << 20);
  one.append("more");
  REQUIRE(one.log->sync().ok());
  CHECK(one.records() == Texts{std::string(3000, 'x'), "more"});
}

TEST_CASE("a segment that cannot be begun on a full disk leaves the old one in use") {
  Fixture one;
  one.append("a");
  REQUIRE(one.log->sync().ok());
  one.world.fs.set_capacity(1024);
  const Status full = one.log->rotate();
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().code == "ENOSPC");
  CHECK(one.log->segment() == 1);
  one.append("b");
  REQUIRE(one.log->sync().ok());
  one.world.fs.set_capacity(1 << 20);
  REQUIRE(one.log->rotate().ok());
  CHECK(one.log->segment() == 2);
  one.append("c");
  REQUIRE(one.log->sync().ok());
  CHECK(one.records() == Texts{"a", "b", "c"});
}

TEST_CASE("a file of another log, of a newer version or of no sense is refused") {
  Fixture one;
  const auto header = [&](const LogFiles& files) {
    const auto read = read_segment_header(files, 1);
    return read.ok() ? std::string("ok") : read.error().message;
  };
  CHECK(header(one.options.files) == "ok");
  LogFiles other = one.options.files;
  other.kind = "wal";
  CHECK(header(other) == "it belongs to another checkpoint folder");
  other = one.options.files;
  other.folder_id = "another";
  CHECK(header(other) == "it belongs to another checkpoint folder");
  other.folder_id = "";
  CHECK(header(other) == "ok");
  std::string body;
  append_record(body, RecordType::segment, 0, std::string("\x02\0\0\0", 4));
  REQUIRE((*one.world.fs.open("log/part-1", OpenMode::read_write))->pwrite(seal_group({1, 0, 0}, body, 1), 0).ok());
  CHECK(header(one.options.files) == "it was written by a newer version of streamrun");
  body[kRecordHeaderBytes] = 1;
  REQUIRE((*one.world.fs.open("log/part-1", OpenMode::read_write))->pwrite(seal_group({1, 0, 0}, body, 1), 0).ok());
  CHECK(header(one.options.files) == "its header makes no sense");
}

TEST_CASE("a group whose records do not fill it as they say is refused") {
  std::string body;
  append_record(body, RecordType::input, 0, "abc");
  const auto visit = [](const std::string& group) {
    return for_each_record(*parse_group(group, 1), [](const Record&) { return Status(); }).ok();
  };
  CHECK(visit(seal_group({1, 1, 0}, body, 1)));
  CHECK_FALSE(visit(seal_group({1, 1, 0}, body, 3)));
  body[6] = 1;
  CHECK_FALSE(visit(seal_group({1, 1, 0}, body, 1)));
  CHECK_FALSE(parse_group(seal_group({1, 1, 0}, body, 1), 2));
  CHECK_FALSE(parse_group("short", 1));
}

}  // namespace sr::durability
