#include "engine/durability/snapshot_files.h"

#include <algorithm>
#include <charconv>

#include "engine/base/crc32c.h"
#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"
#include "engine/durability/checked_file.h"

namespace sr::durability {

namespace {

constexpr FileKind kManifest{"srsnapsh", 1};

std::string path_of(const Folder& folder, const SnapshotName& name) {
  return folder.snapshots() + "/" + name.text();
}

std::string node_path(const std::string& dir, std::size_t index) {
  return dir + "/" + std::to_string(index);
}

bool parse_name(const std::string& text, SnapshotName* name) {
  const char* const end = text.data() + text.size();
  const auto batch = std::from_chars(text.data(), end, name->batch);
  if (batch.ec != std::errc() || batch.ptr == end || *batch.ptr != '-') return false;
  const auto journal = std::from_chars(batch.ptr + 1, end, name->journal);
  return journal.ec == std::errc() && journal.ptr == end;
}

// What goes to the disk at once: whoever syncs another file meanwhile, the journal's for one, waits for as much.
constexpr std::size_t kSyncStep = 8 << 20;

Status write_synced(Fs& fs, const std::string& path, std::string_view bytes, Failpoint point) {
  auto file = fs.open(path, OpenMode::create_new);
  SR_TRY(file);
  while (bytes.size() > kSyncStep) {
    SR_TRY((*file)->write(bytes.substr(0, kSyncStep)));
    SR_TRY((*file)->datasync());
    bytes.remove_prefix(kSyncStep);
  }
  SR_TRY((*file)->write(bytes));
  return sync_file(**file, point);
}

std::string frame_manifest(const SnapshotName& name, const Manifest& manifest) {
  std::string content;
  put_value(content, name.batch);
  put_value(content, name.journal);
  content += encode_manifest(manifest);
  return seal_file(kManifest, content);
}

}  // namespace

Result<SnapshotList> list_snapshots(const Folder& folder) {
  const auto names = folder.env->fs->list(folder.snapshots());
  if (!names.ok() && names.error().code == "ENOENT") return SnapshotList{};
  SR_TRY(names);
  SnapshotList found;
  for (const std::string& text : *names) {
    SnapshotName name;
    if (text.ends_with(".new")) {
      found.unfinished.push_back(text);
    } else if (parse_name(text, &name)) {
      found.names.push_back(name);
    }
  }
  std::sort(found.names.begin(), found.names.end());
  return found;
}

Status write_snapshot(const Folder& folder, const SnapshotName& name, const Snapshot& snapshot, Manifest manifest) {
  Fs& fs = *folder.env->fs;
  const std::string path = path_of(folder, name);
  const std::string fresh = path + ".new";
  SR_TRY(remove_folder(fs, fresh));
  // What bears the name is damaged, or its publishing has failed.
  if (fs.stat(path).ok()) {
    SR_TRY(fs.rename(path, fresh));
    SR_TRY(remove_folder(fs, fresh));
  }
  SR_TRY(fs.make_directories(fresh));
  manifest.snapshot = snapshot;
  for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) {
    const std::string& bytes = snapshot.nodes[i].bytes;
    SR_TRY(write_synced(fs, node_path(fresh, i), bytes, Failpoint::snapshot_states));
    manifest.files.push_back({bytes.size(), crc32c(bytes)});
  }
  SR_TRY(write_synced(fs, fresh + "/MANIFEST", frame_manifest(name, manifest), Failpoint::snapshot_manifest));
  SR_TRY(sync_names(fs, fresh, Failpoint::snapshot_files));
  SR_TRY(fs.rename(fresh, path));
  return sync_names(fs, folder.snapshots(), Failpoint::snapshot_name);
}

Result<Manifest> read_manifest(const Folder& folder, const SnapshotName& name) {
  const std::string path = path_of(folder, name) + "/MANIFEST";
  const auto content = read_checked_file(*folder.env->fs, path, kManifest);
  SR_TRY(content);
  ByteReader in(*content);
  SnapshotName told;
  told.batch = in.value<std::int64_t>();
  told.journal = in.value<std::uint64_t>();
  if (told != name && !left_out(Failpoint::manifest_place))
    return Error{path + " is that of another snapshot", false, "damaged"};
  return decode_manifest(std::string_view(*content).substr(sizeof told.batch + sizeof told.journal));
}

Result<Manifest> read_snapshot(const Folder& folder, const SnapshotName& name) {
  auto manifest = read_manifest(folder, name);
  SR_TRY(manifest);
  for (std::size_t i = 0; i < manifest->files.size(); ++i) {
    const std::string path = node_path(path_of(folder, name), i);
    auto bytes = folder.env->fs->read_all(path, static_cast<std::int64_t>(manifest->files[i].size));
    SR_TRY(bytes);
    const bool sound = bytes->size() == manifest->files[i].size && crc32c(*bytes) == manifest->files[i].checksum;
    if (!sound && !left_out(Failpoint::snapshot_checksum)) {
      return Error{path + " does not match its checksum", false, "damaged"};
    }
    manifest->snapshot.nodes[i].bytes = std::move(*bytes);
  }
  return manifest;
}

Status remove_snapshot(const Folder& folder, const SnapshotName& name) {
  return remove_folder(*folder.env->fs, path_of(folder, name));
}

}  // namespace sr::durability
