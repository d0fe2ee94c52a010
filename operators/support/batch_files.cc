#include "operators/support/batch_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"

namespace sr::operators {
namespace {

std::string names_of(const std::vector<std::string>& paths) {
  return paths.size() == 1 ? paths.front() : fmt::format("{} to {}", paths.front(), paths.back());
}

Result<std::vector<std::int64_t>> times_behind(Fs& fs, const BatchNames& named, std::int64_t after_ms) {
  std::vector<std::int64_t> times;
  const auto names = fs.list(named.folder);
  if (!names.ok()) {
    if (names.error().code == "ENOENT") return times;
    return names.error();
  }
  const std::size_t around = named.begin.size() + named.end.size();
  for (const std::string& name : *names) {
    if (name.size() <= around || !name.starts_with(named.begin) || !name.ends_with(named.end)) continue;
    const std::string digits = name.substr(named.begin.size(), name.size() - around);
    std::int64_t time = 0;
    if (parse_bigint(digits, &time) && time > after_ms && std::to_string(time) == digits) times.push_back(time);
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

Result<std::vector<std::string>> files_behind(Fs& fs, const BatchNames& names, std::int64_t after_ms) {
  const auto times = times_behind(fs, names, after_ms);
  if (!times.ok()) return times.error();
  std::vector<std::string> files;
  for (const std::int64_t time : *times) {
    std::string file = names.file(time);
    if (holds_something(fs, file)) files.push_back(std::move(file));
  }
  return files;
}

bool holds_something(Fs& fs, const std::string& path) {
  const auto info = fs.stat(path);
  return info.ok() && info->size > 0;
}

Status files_ahead(const std::vector<std::string>& paths, const Tick& planned) {
  if (paths.empty() || left_out(Failpoint::sink_files_ahead)) return {};
  return Error{fmt::format(
      "{} {} behind the last batch of this job's journal, which is batch {} at {} ms: the checkpoint folder is older "
      "than the files, as it was put back from a copy or `state repair` has dropped the rest, or another job writes "
      "here. Going on would write their rows a second time. Put the newer folder back if there is one; else "
      "`streamrun state adopt` renames these files to `….superseded`, and their rows are read and written again",
      names_of(paths), paths.size() == 1 ? "holds a batch" : fmt::format("({} files) hold batches", paths.size()),
      planned.id, planned.time_ms)};
}

Result<std::string> set_files_aside(Fs& fs, const std::vector<std::string>& paths) {
  if (paths.empty()) return std::string{};
  for (const std::string& path : paths) {
    std::string target = path + ".superseded";
    Status renamed = fs.rename_no_replace(path, target);
    for (int copy = 2; !renamed.ok() && renamed.error().code == "EEXIST"; ++copy) {
      renamed = fs.rename_no_replace(path, fmt::format("{}-{}", target, copy));
    }
    SR_TRY(renamed);
  }
  return fmt::format("{} {} `.superseded` behind the name now: the rows are read and written again", names_of(paths),
                     paths.size() == 1 ? "has" : fmt::format("({} files) have", paths.size()));
}

}  // namespace sr::operators
