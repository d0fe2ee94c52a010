#include "engine/durability/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"
#include "engine/durability/checked_file.h"

namespace sr::durability {

namespace {

constexpr FileKind kFormat{"srfolder", 1};
constexpr std::uint32_t kFeatures = 0;  // bits that a reader must know

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Status make_durable_directory(Fs& fs, const std::string& dir) {
  SR_TRY(fs.make_directories(dir));
  // All the way up, also where nothing was missing: a process that was killed may have made a name and not synced it.
  std::string path = dir;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  Failpoint point = Failpoint::folder_name;
  while (!path.empty() && path != "/") {
    path = parent_of(path);
    const Status synced = sync_names(fs, path, std::exchange(point, Failpoint::folder_names_above));
    const bool foreign = !synced.ok() && (synced.error().code == "EACCES" || synced.error().code == "EPERM" ||
                                          synced.error().code == "EROFS" || synced.error().code == "EINVAL");
    if (!synced.ok() && !foreign) return synced;
  }
  return {};
}

Result<std::unique_ptr<File>> lock_folder(const Folder& folder) {
  if (left_out(Failpoint::folder_lock)) return folder.env->fs->open(folder.path("LOCK"), OpenMode::read_write);
  auto lock = folder.env->fs->lock(folder.path("LOCK"));
  if (!lock.ok() && lock.error().code == "EWOULDBLOCK") {
    return Error{fmt::format("the checkpoint folder {} is in use: {}. Stop that process, or give this job a "
                             "`checkpoint.dir` of its own",
                             folder.dir, lock.error().message),
                 false, "EWOULDBLOCK"};
  }
  return lock;
}

Status probe_folder(const Folder& folder, std::int64_t min_free) {
  Fs& fs = *folder.env->fs;
  const std::string first = folder.path("probe");
  const std::string second = folder.path("probe-renamed");
  {
    auto file = fs.open(first, OpenMode::truncate);
    SR_TRY(file);
    SR_TRY((*file)->write("probe"));
    SR_TRY(sync_file(**file, Failpoint::folder_probe));
  }
  SR_TRY(fs.rename(first, second));
  SR_TRY(fs.remove(second));
  const auto free = fs.free_bytes(folder.dir);
  SR_TRY(free);
  if (*free >= min_free || left_out(Failpoint::folder_room)) return {};
  return Error{
      fmt::format("the disk of {} has {} bytes free; at least {} are needed to begin", folder.dir, *free, min_free),
      true, "ENOSPC"};
}

std::string new_folder_id(Random& random) {
  const std::uint64_t high = random.next();
  return fmt::format("{:016x}{:016x}", high, random.next());
}

Result<std::string> read_format(const Folder& folder) {
  const std::string path = folder.path("FORMAT");
  const auto content = read_checked_file(*folder.env->fs, path, kFormat);
  if (!content.ok() && content.error().code == "damaged") {
    return Error{
        fmt::format("{}, so that it cannot be told whose folder this is. If it is this job's, nothing is lost: "
                    "`streamrun state repair JOB`, with the job's file, writes it anew from the journals",
                    content.error().message),
        false, "damaged"};
  }
  SR_TRY(content);
  ByteReader in(*content);
  const auto features = in.value<std::uint32_t>();
  if ((features & ~kFeatures) != 0 && !left_out(Failpoint::format_features)) {
    return Error{fmt::format("{} needs features {:#x} of a newer streamrun. Use the newer one, or another folder", path,
                             features),
                 false, "version"};
  }
  const std::string id = in.text();
  const std::string job = in.text();
  if (!in.done()) return Error{path + " is malformed", false, "damaged"};
  if (job != folder.job && !left_out(Failpoint::format_job)) {
    return Error{fmt::format("the checkpoint folder {} belongs to the job `{}`, not to `{}`. Give this job a "
                             "`checkpoint.dir` of its own",
                             folder.dir, job, folder.job),
                 false, "foreign"};
  }
  return id;
}

Status write_format(const Folder& folder, const std::string& folder_id) {
  std::string content;
  put_value(content, kFeatures);
  put_text(content, folder_id);
  put_text(content, folder.job);
  return write_whole_file(*folder.env->fs, folder.dir, "FORMAT", seal_file(kFormat, content),
                          {Failpoint::format_bytes, Failpoint::format_name});
}

Status set_aside(Fs& fs, const std::string& dir, const std::string& name) {
  SR_TRY(fs.make_directories(dir + "/damaged"));
  std::string target = name;
  std::replace(target.begin(), target.end(), '/', '-');
  target = dir + "/damaged/" + target;
  std::string free = target;
  for (int copy = 2; fs.stat(free).ok(); ++copy) free = target + "." + std::to_string(copy);
  SR_TRY(fs.rename(dir + "/" + name, free));
  return sync_names(fs, dir, Failpoint::repair_names);  // that of `damaged`, and the one that has gone
}

Status remove_folder(Fs& fs, const std::string& dir) {
  const auto names = fs.list(dir);
  if (!names.ok()) return names.error().code == "ENOENT" ? Status() : Status(names.error());
  for (const std::string& name : *names) SR_TRY(fs.remove(dir + "/" + name));
  return fs.remove(dir);
}

Status Reserve::take() {
  if (taken_ || bytes_ <= 0) return {};
  auto file = folder_.env->fs->open(folder_.path(name_), OpenMode::read_write);
  SR_TRY(file);
  const Status done = (*file)->preallocate(bytes_);
  taken_ = done.ok();
  if (!taken_) (void)folder_.env->fs->remove(folder_.path(name_)).ok();  // a part of it is of no use
  return done;
}

bool Reserve::release() {
  if (!taken_) return false;
  taken_ = false;
  // The sync gives the blocks back at once where a file system frees them later.
  return folder_.env->fs->remove(folder_.path(name_)).ok() && folder_.env->fs->sync_directory(folder_.dir).ok();
}

}  // namespace sr::durability
