// The golden folder with something in it that does not belong there; see forgeries.h.
#include "forged_folders.h"

#include "engine/durability/byte_reader.h"
#include "engine/durability/checked_file.h"
#include "engine/durability/dataset_files.h"
#include "engine/durability/log_writer.h"
#include "engine/durability/snapshot_files.h"
#include "golden.h"
#include "life.h"

namespace sr::durability {

namespace {

// The golden folder on a disk of its own.
struct Scene {
  VirtualEnvironment world;
  Files files = golden_on_disk();
  StoreOptions options = golden_options(world.environment);

  Scene() = default;
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  void put() { put_tree(world.fs, "golden", files); }
  Folder folder() { return {&world.environment, options.dir, options.job}; }
  // Opens the folder; a further start may.
  Status open() {
    put();
    const auto opened = Store::open(options);
    return opened.ok() ? Status() : Status(opened.error());
  }
  Status read() {
    put();
    const auto found = Store::read(options);
    return found.ok() ? Status() : Status(found.error());
  }
};

bool has_code(const Status& status, std::string_view code) {
  return !status.ok() && status.error().code == code;
}

std::string format_of(std::uint32_t features) {
  std::string content;
  put_value(content, features);
  put_text(content, "id");
  put_text(content, "words");
  return content;
}

std::string manifest_of(const Manifest& manifest, const SnapshotName& name) {
  std::string content;
  put_value(content, name.batch);
  put_value(content, name.journal);
  return seal_file({"srsnapsh", 1}, content + encode_manifest(manifest));
}

bool folder_in_use() {
  Scene one;
  one.put();
  const auto holder = Store::open(one.options);
  SR_CHECK(holder.ok());
  return has_code(one.open(), "EWOULDBLOCK");
}

bool disk_without_room() {
  Scene one;
  one.options.min_free_bytes = INT64_MAX;
  return has_code(one.open(), "ENOSPC");
}

// A folder after a clean end, where a start has nothing to write but the probe.
bool disk_without_syncs() {
  VirtualEnvironment world;
  Life life(world.environment);
  if (!life.run().ok()) return false;
  world.fs.inject([](const FsOperation& one) {
    return one.kind == FsOperationKind::sync ? FsInjection::io_error : FsInjection::none;
  });
  return !Store::open(life_options(world.environment)).ok();
}

bool folder_without_format() {
  Scene one;
  one.files.erase("checkpoint/FORMAT");
  return has_code(one.open(), "damaged");
}

bool folder_of_another_job() {
  Scene one;
  one.options.job = "letters";
  return has_code(one.read(), "foreign");
}

bool newer_format() {
  Scene one;
  one.files["checkpoint/FORMAT"] = seal_file({"srfolder", 2}, format_of(0));
  return has_code(one.read(), "version");
}

bool newer_features() {
  Scene one;
  one.files["checkpoint/FORMAT"] = seal_file({"srfolder", 1}, format_of(4));
  return has_code(one.read(), "version");
}

bool newer_snapshot() {
  Scene one;
  one.files["checkpoint/snapshot/2-2/MANIFEST"] = seal_file({"srsnapsh", 2}, "");
  return has_code(one.read(), "version");
}

// Found under this name, the first snapshot would be followed by the third batch.
bool snapshot_under_another_name() {
  Scene one;
  for (const std::string name : {"0", "1", "MANIFEST"})
    one.files["checkpoint/snapshot/2-3/" + name] = one.files.at("checkpoint/snapshot/1-1/" + name);
  one.put();
  const auto found = Store::read(one.options);
  return found.ok() && found->snapshot->tick.id == 2;
}

bool journals_without_a_beginning() {
  Scene one;
  one.files.erase("checkpoint/journal-1");
  one.files["checkpoint/snapshot/1-1/MANIFEST"] = one.files["checkpoint/snapshot/2-2/MANIFEST"] = "";
  return has_code(one.read(), "damaged");
}

bool more_keys_than_columns() {
  Scene one;
  const SnapshotName name{9, 3};
  Manifest manifest;
  manifest.snapshot.tick.id = 9;
  manifest.snapshot.nodes = {{"n", {{}, 1, "keyed"}, ""}};
  manifest.files = {{0, 0}};
  one.files["checkpoint/snapshot/9-3/MANIFEST"] = manifest_of(manifest, name);
  one.files["checkpoint/snapshot/9-3/0"] = "";
  one.put();
  const auto found = Store::read(one.options);
  return found.ok() && found->snapshot->tick.id == 2;
}

bool dataset_under_another_name() {
  Scene one;
  one.files["checkpoint/dataset/lookup-h2"] = one.files.at("checkpoint/dataset/lookup-h1");
  one.put();
  return !read_dataset(one.folder(), "lookup", "h2").ok();
}

// The first group behind the mark, which a crash may have kept from the disk, is bad; others follow it.
bool bad_group_before_a_good_one() {
  Scene one;
  std::string& bytes = one.files.at("checkpoint/journal-3");
  const std::size_t mark = parse_group(bytes, 3)->size;
  bytes.replace(mark, kGroupHeaderBytes, kGroupHeaderBytes, '\0');
  bytes[mark + 2 * kGroupHeaderBytes] ^= 1;
  return has_code(one.read(), "damaged");
}

bool snapshot_of_an_open_batch() {
  Scene one;
  one.put();
  const auto opened = Store::open(one.options);
  SR_CHECK(opened.ok());
  return !opened->store->save(snapshot_of(4)).ok();
}

// What a repair of a cut journal has dropped may have had any number.
bool epoch_given_twice() {
  Scene one;
  one.files.at("checkpoint/journal-2")[200] ^= 1;
  one.put();
  SR_CHECK(repair(one.options).ok());
  const auto left = Store::read(one.options);
  return left.ok() && left->epoch > 2;
}

// An input log of three segments.
Files three_segments() {
  VirtualEnvironment world;
  std::vector<std::string> notes;
  auto wal = Wal::open(golden_wal_options(world.environment), &notes);
  for (int i = 0; i < 30; ++i) {
    (*wal)->append("tcp", std::string(50, 'x'), 0);
    SR_CHECK((*wal)->sync().ok());
  }
  Files files = read_tree(world.fs, "golden");
  SR_CHECK(files.contains("wal/3") && files.contains("wal/4"));
  return files;
}

Status open_wal(const Files& files) {
  VirtualEnvironment world;
  put_tree(world.fs, "golden", files);
  std::vector<std::string> notes;
  const auto wal = Wal::open(golden_wal_options(world.environment), &notes);
  return wal.ok() ? Status() : Status(wal.error());
}

bool wal_without_a_segment() {
  Files files = three_segments();
  files.erase("wal/2");
  return has_code(open_wal(files), "damaged");
}

bool wal_without_its_end() {
  Files files = three_segments();
  while (files.size() > 2) files.erase(std::prev(files.end()));
  return has_code(open_wal(files), "damaged");
}

bool input_that_is_gone() {
  VirtualEnvironment world;
  Files files = golden_on_disk();
  files.erase("wal/1");
  put_tree(world.fs, "golden", files);
  std::vector<std::string> notes;
  const auto wal = Wal::open(golden_wal_options(world.environment), &notes);
  SR_CHECK(wal.ok());
  return has_code((*wal)->read(1, 12, [](const WalRecord&) { return Status(); }), "missing");
}

bool record_that_is_no_input() {
  VirtualEnvironment world;
  const WalOptions options = golden_wal_options(world.environment);
  SR_CHECK(world.fs.make_directories(options.dir).ok());
  SegmentHeader first;
  first.number = 1;
  first.origin = SegmentOrigin::first;
  const auto log =
      LogWriter::create({{&world.fs, options.dir, "", "wal", options.folder_id}, options.segment_bytes, true}, first);
  SR_CHECK(log.ok());
  std::string payload;
  put_text(payload, "tcp");
  (*log)->append(RecordType::plan, 0, payload);
  SR_CHECK((*log)->sync().ok());
  return has_code(open_wal(read_tree(world.fs, "golden")), "damaged");
}

}  // namespace

std::vector<Forgery> forged_folders() {
  return {
      {"a folder in use", folder_in_use},
      {"a disk without room", disk_without_room},
      {"a disk without syncs", disk_without_syncs},
      {"a folder without FORMAT", folder_without_format},
      {"a folder of another job", folder_of_another_job},
      {"a newer FORMAT", newer_format},
      {"newer features", newer_features},
      {"a newer snapshot", newer_snapshot},
      {"a snapshot under another name", snapshot_under_another_name},
      {"journals without a beginning", journals_without_a_beginning},
      {"more keys than columns", more_keys_than_columns},
      {"a dataset under another name", dataset_under_another_name},
      {"a bad group before a good one", bad_group_before_a_good_one},
      {"a snapshot of an open batch", snapshot_of_an_open_batch},
      {"an epoch given twice", epoch_given_twice},
      {"an input log without a segment", wal_without_a_segment},
      {"an input log without its end", wal_without_its_end},
      {"input that is gone", input_that_is_gone},
      {"a record that is no input", record_that_is_no_input},
  };
}

}  // namespace sr::durability
