#include "operators/support/glob.h"

#include <algorithm>

namespace sr::operators {
namespace {

// Matches one character against `[...]`; `pattern` stands behind the bracket and is moved behind the set.
bool in_set(std::string_view& pattern, char c) {
  bool negated = false;
  if (!pattern.empty() && (pattern[0] == '!' || pattern[0] == '^')) {
    negated = true;
    pattern.remove_prefix(1);
  }
  bool found = false;
  for (bool first = true; !pattern.empty() && (first || pattern[0] != ']'); first = false) {
    const char low = pattern[0];
    char high = low;
    pattern.remove_prefix(1);
    if (pattern.size() >= 2 && pattern[0] == '-' && pattern[1] != ']') {
      high = pattern[1];
      pattern.remove_prefix(2);
    }
    found |= low <= c && c <= high;
  }
  if (!pattern.empty()) pattern.remove_prefix(1);
  return found != negated;
}

}  // namespace

bool has_wildcards(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool matches_glob(std::string_view pattern, std::string_view name) {
  // Where to go on if the last `*` has to take one more character.
  std::string_view star_pattern;
  std::string_view star_name;
  bool star = false;
  while (true) {
    std::string_view rest = pattern;
    bool step = false;
    if (!rest.empty() && rest[0] == '*') {
      star = true;
      star_pattern = rest.substr(1);
      star_name = name;
      pattern = star_pattern;
      continue;
    }
    if (name.empty() && rest.empty()) return true;
    if (!name.empty() && !rest.empty()) {
      const char c = rest[0];
      rest.remove_prefix(1);
      step = c == '?' || (c == '[' ? in_set(rest, name[0]) : c == name[0]);
    }
    if (step) {
      pattern = rest;
      name.remove_prefix(1);
    } else {
      if (!star || star_name.empty()) return false;
      star_name.remove_prefix(1);
      pattern = star_pattern;
      name = star_name;
    }
  }
}

std::vector<std::string> expand_glob(Fs& fs, const std::string& pattern) {
  std::vector<std::string> paths = {pattern.starts_with('/') ? "/" : ""};
  std::size_t at = pattern.starts_with('/') ? 1 : 0;
  while (at <= pattern.size()) {
    const std::size_t slash = std::min(pattern.find('/', at), pattern.size());
    const std::string part = pattern.substr(at, slash - at);
    at = slash + 1;
    if (part.empty()) continue;
    std::vector<std::string> next;
    for (const std::string& path : paths) {
      const std::string folder = path.empty() || path == "/" ? path : path + "/";
      if (!has_wildcards(part)) {
        next.push_back(folder + part);
        continue;
      }
      auto names = fs.list(path.empty() ? "." : path);
      if (!names.ok()) continue;
      for (const std::string& name : *names) {
        if ((name[0] != '.' || part[0] == '.') && matches_glob(part, name)) next.push_back(folder + name);
      }
    }
    paths = std::move(next);
  }
  std::erase_if(paths, [&](const std::string& path) { return !fs.stat(path).ok(); });
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace sr::operators
