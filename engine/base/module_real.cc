// Loading of shared modules by the system's loader. Entry point: module.h.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <vector>

#include "engine/base/module.h"

namespace sr {
namespace {

std::string executable_folder() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return ".";
  const std::string name(path.data(), static_cast<std::size_t>(size));
  return name.substr(0, name.rfind('/'));
}

std::vector<std::string> module_folders() {
  std::vector<std::string> folders;
  if (const char* own = std::getenv("STREAMRUN_MODULES"); own != nullptr && *own != '\0') folders.emplace_back(own);
  const std::string here = executable_folder();
  folders.push_back(here + "/modules");
  folders.push_back(here + "/../lib/streamrun");
  folders.emplace_back("/usr/lib/streamrun");
  return folders;
}

}  // namespace

Result<void*> load_module(const std::string& file, const char* entry) {
  std::string looked;
  for (const std::string& folder : module_folders()) {
    const std::string path = folder + "/" + file;
    looked += (looked.empty() ? "" : ", ") + folder;
    if (::access(path.c_str(), R_OK) != 0) continue;
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) return Error{std::string("cannot load a module: ") + ::dlerror(), false, "ELIBACC"};
    void* found = ::dlsym(module, entry);
    if (found == nullptr) return Error{path + " is not a module of this program: it has no " + entry, false, "ELIBBAD"};
    return found;
  }
  return Error{file + " is in none of " + looked, false, "ENOENT"};
}

}  // namespace sr
