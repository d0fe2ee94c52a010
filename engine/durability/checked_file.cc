#include "engine/durability/checked_file.h"

#include <fmt/format.h>

#include "engine/base/crc32c.h"
#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"

namespace sr::durability {

std::string seal_file(const FileKind& kind, std::string_view content) {
  std::string bytes(kind.magic);
  put_value(bytes, kind.version);
  bytes += content;
  put_value(bytes, crc32c(bytes));
  return bytes;
}

Result<std::string> read_checked_file(Fs& fs, const std::string& path, const FileKind& kind) {
  auto bytes = fs.read_all(path, INT64_MAX - 1);
  SR_TRY(bytes);
  const std::size_t front = kind.magic.size() + sizeof kind.version;
  std::uint32_t checksum = 0;
  const bool whole = bytes->size() >= front + sizeof checksum;
  if (whole) std::memcpy(&checksum, bytes->data() + bytes->size() - sizeof checksum, sizeof checksum);
  const std::string_view covered = std::string_view(*bytes).substr(0, whole ? bytes->size() - sizeof checksum : 0);
  const bool sound = checksum == crc32c(covered) || left_out(Failpoint::file_checksum);
  const bool of_kind = covered.starts_with(kind.magic) || left_out(Failpoint::file_magic);
  if (!of_kind) {
    return Error{fmt::format("{} is another file than it should be: it does not begin with `{}`", path, kind.magic),
                 false, "damaged"};
  }
  if (!whole || !sound) return Error{path + " does not match its checksum", false, "damaged"};
  std::uint32_t version = 0;
  std::memcpy(&version, covered.data() + kind.magic.size(), sizeof version);
  if (version > kind.version && !left_out(Failpoint::file_version)) {
    return Error{
        fmt::format("{} has version {}, written by a newer streamrun; this one reads up to version {}. Use the "
                    "newer one, or another folder",
                    path, version, kind.version),
        false, "version"};
  }
  return std::string(covered.substr(front));
}

Status write_whole_file(Fs& fs, const std::string& dir, const std::string& name, std::string_view bytes,
                        const WholeFileSyncs& syncs) {
  const std::string path = dir + "/" + name;
  {
    auto file = fs.open(path + ".new", OpenMode::truncate);
    SR_TRY(file);
    SR_TRY((*file)->write(bytes));
    SR_TRY(sync_file(**file, syncs.bytes));
  }
  SR_TRY(fs.rename(path + ".new", path));
  return sync_names(fs, dir, syncs.name);
}

}  // namespace sr::durability
