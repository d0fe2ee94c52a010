#include "operators/support/folder_look.h"

#include <algorithm>

#include "operators/support/glob.h"

namespace sr::operators {
namespace {

constexpr int kDeepest = 64;

bool is_ignored(std::string_view name) {
  return name.starts_with('.') || name.starts_with('_') || name.ends_with('~') || name.ends_with(".tmp") ||
         name.ends_with(".part") || name.ends_with(".swp") || name.ends_with(".crdownload");
}

// What is gone meanwhile is not there; anything else may be.
void note(FolderLook& look, const std::string& path, const Error& error) {
  if (error.code == "ENOENT" || error.code == "ENOTDIR") return;
  look.unseen.emplace_back(path, error);
}

Status look_at(Fs& fs, const FolderLookOptions& options, const std::string& folder, int depth, FolderLook& look) {
  const auto names = fs.list(folder);
  if (!names.ok() && depth == 0) return names.error();
  if (!names.ok()) note(look, folder, names.error());
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>{}) {
    if (is_ignored(name)) continue;
    const std::string path = folder.ends_with('/') ? folder + name : folder + "/" + name;
    const auto info = fs.stat(path);
    if (!info.ok()) {
      note(look, path, info.error());
    } else if (info->is_directory && options.recursive && depth < kDeepest && path != options.passed_over) {
      SR_TRY(look_at(fs, options, path, depth + 1, look));
    } else if (info->is_regular && matches_glob(options.pattern, name)) {
      look.files.push_back({info->mtime_us, path, info->size, info->inode});
    }
  }
  return {};
}

}  // namespace

bool FolderLook::hides(const std::string& path) const {
  return std::any_of(unseen.begin(), unseen.end(), [&](const auto& entry) {
    const std::string& above = entry.first;
    return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '/');
  });
}

Result<FolderLook> look_into(Fs& fs, const FolderLookOptions& options) {
  FolderLook look;
  SR_TRY(look_at(fs, options, options.path, 0, look));
  std::sort(look.files.begin(), look.files.end());
  return look;
}

}  // namespace sr::operators
