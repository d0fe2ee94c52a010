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

struct Entry {
  std::string path;
  FileInfo info;
  Rotation rotation = Rotation::none;
  std::int64_t number = 0;
};

// What stood in the folder at one moment.
struct Listing {
  std::optional<Entry> self;    // the file under `path` itself
  std::vector<Entry> siblings;  // all others
};

constexpr int kLooks = 32;

// One look: a file that is renamed meanwhile may be seen twice or not at all.
Result<std::vector<Entry>> look_at(Fs& fs, const std::string& path) {
  const auto [folder, base] = split_path(path);
  const std::string before = path.substr(0, path.size() - base.size());
  const auto names = fs.list(folder);
  if (!names.ok() && names.error().code == "ENOENT") return std::vector<Entry>{};
  if (!names.ok()) return names.error();
  std::vector<Entry> entries;
  for (const std::string& name : *names) {
    Entry one{before + name, {}, rotation_of(name, base), number_of(name, base)};
    const auto info = fs.stat(one.path);
    if (!info.ok() || !info->is_regular) continue;  // gone meanwhile
    one.info = *info;
    entries.push_back(std::move(one));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

Error renamed(const std::string& path) {
  return Error{path + ": files of its folder are renamed again and again while they are looked for", true, "EAGAIN"};
}

// Looks until nothing was renamed between two looks. Rotation gives a name that it has taken from a file never back to
// it, so that two equal looks are what stood there at a moment between them.
Result<Listing> listing_of(Fs& fs, const std::string& path) {
  const auto same = [](const Entry& a, const Entry& b) { return a.path == b.path && a.info.inode == b.info.inode; };
  auto last = look_at(fs, path);
  SR_TRY(last);
  for (int looks = 1; looks < kLooks; ++looks) {
    auto now = look_at(fs, path);
    SR_TRY(now);
    const bool still = std::equal(last->begin(), last->end(), now->begin(), now->end(), same);
    last = std::move(now);
    if (!still) continue;
    Listing listing;
    for (Entry& entry : *last) {
      if (entry.path == path) {
        listing.self = std::move(entry);
      } else {
        listing.siblings.push_back(std::move(entry));
      }
    }
    return listing;
  }
  return renamed(path);
}

// Older first: by the time of the last write, then by number.
bool older(const Entry& a, const Entry& b) {
  return a.info.mtime_us != b.info.mtime_us ? a.info.mtime_us < b.info.mtime_us : a.number > b.number;
}

// The rotated files that are younger than `left`, oldest first.
std::vector<Entry> younger_than(std::vector<Entry> siblings, const FileInfo& left) {
  Entry self{{}, left, Rotation::plain, 0};
  bool beside = false;
  for (const Entry& one : siblings) {
    if (one.info.inode != left.inode) continue;
    self.number = one.number;
    beside = true;
  }
  std::erase_if(siblings, [&](const Entry& one) {
    if (one.rotation == Rotation::none || one.info.inode == left.inode) return true;
    return beside && self.number > 0 && one.number > 0 ? !older(self, one) : one.info.mtime_us <= left.mtime_us;
  });
  std::sort(siblings.begin(), siblings.end(), older);
  return siblings;
}

// Whether the file begins so; an error if the name belongs to another file by now.
Result<bool> begins_so(Fs& fs, const Entry& entry, const FileIdentity& identity) {
  const auto file = fs.open(entry.path, OpenMode::read);
  if (!file.ok() && file.error().code != "ENOENT") return false;
  const auto info = file.ok() ? (*file)->info() : Result<FileInfo>(FileInfo{});
  SR_TRY(info);
  if (info->inode != entry.info.inode) return renamed(entry.path);
  return begins_as(**file, identity);
}

// The file that was identified, as the listing has it.
Result<std::optional<FoundFile>> find_in(Fs& fs, Listing listing, const FileIdentity& identity) {
  std::vector<Entry> copies = std::move(listing.siblings);
  std::sort(copies.begin(), copies.end(), older);
  std::vector<Entry> own;
  std::copy_if(copies.begin(), copies.end(), std::back_inserter(own),
               [&](const Entry& one) { return one.info.inode == identity.inode; });
  std::erase_if(copies, [](const Entry& one) { return one.rotation != Rotation::plain; });
  if (listing.self) {
    own.insert(own.begin(), *listing.self);
    copies.push_back(*listing.self);
  }
  std::erase_if(own, [&](const Entry& one) { return one.info.inode != identity.inode; });
  if (identity.size == 0) copies.clear();  // any file begins like an empty one
  for (const std::vector<Entry>& entries : {own, copies}) {
    for (const Entry& one : entries) {
      const auto same = begins_so(fs, one, identity);
      SR_TRY(same);
      if (*same) return std::optional(FoundFile{one.path, one.info.inode});
    }
  }
  return std::optional<FoundFile>{};
}

}  // namespace

Rotation rotation_of(std::string_view name, std::string_view base) {
  const bool compressed = ends_compressed(name) && !ends_compressed(base);
  if (compressed) name = name.substr(0, name.rfind('.'));
  const auto added = added_to(name, base);
  if (!added || !is_mark(*added)) return Rotation::none;
  return compressed ? Rotation::compressed : Rotation::plain;
}

Result<std::optional<FoundFile>> find_again(Fs& fs, const std::string& path, const FileIdentity& identity) {
  for (int looks = 1;; ++looks) {
    auto listing = listing_of(fs, path);
    SR_TRY(listing);
    auto found = find_in(fs, std::move(*listing), identity);
    if (found.ok() || found.error().code != "EAGAIN" || looks == kLooks) return found;
  }
}

Result<NextFile> next_after(Fs& fs, const std::string& path, const FileInfo& left) {
  auto listing = listing_of(fs, path);
  SR_TRY(listing);
  NextFile next;
  for (const Entry& one : younger_than(std::move(listing->siblings), left)) {
    if (one.rotation == Rotation::plain) {
      next.file = FoundFile{one.path, one.info.inode};
      return next;
    }
    next.compressed.push_back(one.path);
  }
  if (listing->self && listing->self->info.inode != left.inode) next.file = FoundFile{path, listing->self->info.inode};
  return next;
}

}  // namespace sr::operators
