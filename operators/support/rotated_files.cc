#include "operators/support/rotated_files.h"

#include <algorithm>
#include <charconv>

#include "operators/support/whole_file.h"

namespace sr::operators {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool ends_compressed(std::string_view name) {
  constexpr std::string_view kEnds[] = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".Z"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view end) { return name.ends_with(end); });
}

// `.1`, `-20260131`, `.2026-01-31T12_00`: a separator, and a number or a date. Or `.old`.
bool is_mark(std::string_view text) {
  constexpr std::string_view kBetween = ".-_:+TZ";
  if (text == ".old") return true;
  if (text.size() < 2 || std::string_view(".-_").find(text[0]) == std::string_view::npos || !is_digit(text[1]))
    return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_digit(c) || kBetween.find(c) != std::string_view::npos; });
}

// What stands in `name` beyond `base`: behind it, or before its extension.
std::optional<std::string_view> added_to(std::string_view name, std::string_view base) {
  if (name.size() <= base.size()) return std::nullopt;
  if (name.starts_with(base)) return name.substr(base.size());
  const std::size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const std::string_view stem = base.substr(0, dot);
  const std::string_view extension = base.substr(dot);
  if (!name.starts_with(stem) || !name.ends_with(extension)) return std::nullopt;
  return name.substr(stem.size(), name.size() - base.size());
}

// The n of `app.log.n`; 0 for other names. A larger one is an older file.
std::int64_t number_of(std::string_view name, std::string_view base) {
  const auto added = added_to(name, base);
  std::int64_t number = 0;
  if (!added || added->size() < 2 || (*added)[0] != '.') return 0;
  const auto [end, error] = std::from_chars(added->data() + 1, added->data() + added->size(), number);
  return error == std::errc{} && end == added->data() + added->size() ? number : 0;
}

struct Sibling {
  std::string path;
  FileInfo info;
  Rotation rotation = Rotation::none;
  std::int64_t number = 0;
};

// All files of the folder but the one under `path` itself.
Result<std::vector<Sibling>> siblings_of(Fs& fs, const std::string& path) {
  const auto [folder, base] = split_path(path);
  const std::string before = path.substr(0, path.size() - base.size());
  const auto names = fs.list(folder);
  if (!names.ok() && names.error().code == "ENOENT") return std::vector<Sibling>{};
  if (!names.ok()) return names.error();
  std::vector<Sibling> siblings;
  for (const std::string& name : *names) {
    if (name == base) continue;
    Sibling one{before + name, {}, rotation_of(name, base), number_of(name, base)};
    const auto info = fs.stat(one.path);
    if (!info.ok() || !info->is_regular) continue;  // gone meanwhile
    one.info = *info;
    siblings.push_back(std::move(one));
  }
  return siblings;
}

// Older first: by the time of the last write, then by number.
bool older(const Sibling& a, const Sibling& b) {
  return a.info.mtime_us != b.info.mtime_us ? a.info.mtime_us < b.info.mtime_us : a.number > b.number;
}

// The rotated files that are younger than `left`, oldest first.
Result<std::vector<Sibling>> younger_than(Fs& fs, const std::string& path, const FileInfo& left) {
  auto siblings = siblings_of(fs, path);
  if (!siblings.ok()) return siblings.error();
  Sibling self{{}, left, Rotation::plain, 0};
  bool beside = false;
  for (const Sibling& one : *siblings) {
    if (one.info.inode != left.inode) continue;
    self.number = one.number;
    beside = true;
  }
  std::erase_if(*siblings, [&](const Sibling& one) {
    if (one.rotation == Rotation::none || one.info.inode == left.inode) return true;
    return beside && self.number > 0 && one.number > 0 ? !older(self, one) : one.info.mtime_us <= left.mtime_us;
  });
  std::sort(siblings->begin(), siblings->end(), older);
  return siblings;
}

bool begins_so(Fs& fs, const std::string& path, const FileIdentity& identity) {
  const auto file = fs.open(path, OpenMode::read);
  if (!file.ok()) return false;
  const auto same = begins_as(**file, identity);
  return same.ok() && *same;
}

}  // namespace

Rotation rotation_of(std::string_view name, std::string_view base) {
  const bool compressed = ends_compressed(name) && !ends_compressed(base);
  if (compressed) name = name.substr(0, name.rfind('.'));
  const auto added = added_to(name, base);
  if (!added || !is_mark(*added)) return Rotation::none;
  return compressed ? Rotation::compressed : Rotation::plain;
}

Result<std::optional<std::string>> find_again(Fs& fs, const std::string& path, const FileIdentity& identity) {
  const auto here = fs.stat(path);
  const bool there = here.ok() && here->is_regular;
  if (there && here->inode == identity.inode && begins_so(fs, path, identity)) return std::optional(path);
  auto siblings = siblings_of(fs, path);
  if (!siblings.ok()) return siblings.error();
  std::sort(siblings->begin(), siblings->end(), older);
  for (const Sibling& one : *siblings) {
    if (one.info.inode == identity.inode && begins_so(fs, one.path, identity)) return std::optional(one.path);
  }
  if (identity.size == 0) return std::optional<std::string>{};  // any file begins like an empty one
  for (const Sibling& one : *siblings) {
    if (one.rotation == Rotation::plain && begins_so(fs, one.path, identity)) return std::optional(one.path);
  }
  if (there && begins_so(fs, path, identity)) return std::optional(path);
  return std::optional<std::string>{};
}

Result<std::string> next_after(Fs& fs, const std::string& path, const FileInfo& left) {
  const auto younger = younger_than(fs, path, left);
  if (!younger.ok()) return younger.error();
  const auto next = std::find_if(younger->begin(), younger->end(),
                                 [](const Sibling& one) { return one.rotation == Rotation::plain; });
  return next == younger->end() ? path : next->path;
}

Result<std::vector<std::string>> compressed_after(Fs& fs, const std::string& path, const FileInfo& left) {
  const auto younger = younger_than(fs, path, left);
  if (!younger.ok()) return younger.error();
  std::vector<std::string> paths;
  for (const Sibling& one : *younger) {
    if (one.rotation == Rotation::compressed) paths.push_back(one.path);
  }
  return paths;
}

}  // namespace sr::operators
