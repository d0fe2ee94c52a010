#include "operators/support/moved_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "operators/support/whole_file.h"

namespace sr::operators {

std::vector<MovedFile> moved_files(const std::vector<PlacedFile>& known, const std::vector<PlacedFile>& found,
                                   const std::function<bool(const std::string& former, std::size_t found)>& same) {
  std::set<std::string> there, before;
  for (const PlacedFile& file : found) there.insert(file.path);
  std::multimap<std::uint64_t, std::string> gone;
  for (const PlacedFile& file : known) {
    before.insert(file.path);
    if (!there.contains(file.path)) gone.emplace(file.inode, file.path);
  }
  std::vector<MovedFile> moved;
  for (std::size_t i = 0; i < found.size() && !gone.empty(); ++i) {
    if (before.contains(found[i].path)) continue;
    const auto [first, last] = gone.equal_range(found[i].inode);
    const auto former = std::find_if(first, last, [&](const auto& entry) {
      return split_path(entry.second).second == split_path(found[i].path).second && same(entry.second, i);
    });
    if (former == last) continue;
    moved.push_back({former->second, found[i].path});
    gone.erase(former);
  }
  return moved;
}

}  // namespace sr::operators
