#include "operators/support/seen_files.h"

#include <algorithm>
#include <utility>

#include "operators/support/moved_files.h"

namespace sr::operators {
namespace {

constexpr std::size_t kForgotten = 10'000;  // names that have gone and are still known if they come back

bool is_same(const FileSpan& was, const FolderFile& file) {
  return was.identity.inode == file.inode && was.identity.size == file.size && was.mtime_us == file.mtime_us;
}

// A `file` that was followed has known no end: what it holds beyond the place where it stood was not read.
Status see_whole(Fs& fs, FileSpan& span) {
  if (span.known != Known::opened || span.mtime_us != 0) return {};
  const auto file = fs.open(span.path, OpenMode::read);
  if (!file.ok()) return {};
  const auto same = begins_as(**file, span.identity);
  SR_TRY(same);
  const auto info = (*file)->info();
  SR_TRY(info);
  if (!*same || info->inode != span.identity.inode) return {};
  auto whole = identify(**file, info->size);
  SR_TRY(whole);
  span.identity = *whole;
  span.mtime_us = info->mtime_us;
  return {};
}

}  // namespace

bool SeenFile::half_read() const {
  return span.known == Known::opened && span.to.offset > 0 && span.to.offset < span.identity.size;
}

Result<bool> SeenFiles::recall(Fs& fs, const flow::Position& standing) {
  auto spans = decode_spans(standing);
  if (!spans.ok()) return false;
  std::vector<FolderFile> unread;
  for (FileSpan& span : *spans) {
    SeenFile& seen = files_[span.path];
    seen.span = std::move(span);
    SR_TRY(see_whole(fs, seen.span));
    const FileSpan& was = seen.span;
    const bool read = was.known == Known::opened && was.to.offset >= was.identity.size;
    if (read || was.known == Known::passed_over) {
      seen.state = SeenFile::State::done;
    } else if (was.known == Known::opened) {
      waiting_.push_front(was.path);  // gone on with first
    } else {
      unread.push_back({was.mtime_us, was.path});
    }
  }
  std::sort(unread.begin(), unread.end());
  for (FolderFile& file : unread) waiting_.push_back(std::move(file.path));
  return true;
}

flow::Position SeenFiles::standing() const {
  std::vector<FileSpan> spans;
  for (const auto& [path, seen] : files_) spans.push_back(seen.span);
  return encode_spans(spans);
}

void SeenFiles::merge(const FolderLook& look) {
  if (!std::exchange(merged_, true)) take_over_spellings(look.files);
  for (auto& [path, seen] : files_) seen.missing += look.hides(path) ? 0 : 1;
  for (const FolderFile& file : look.files) {
    const auto [at, added] = files_.try_emplace(file.path);
    SeenFile& seen = at->second;
    seen.missing = 0;
    const bool another = frees_names_ && seen.state == SeenFile::State::done && !is_same(seen.span, file);
    if (added ? is_back(file, seen) : !another) continue;
    seen.span = {file.path, {file.inode, file.size}, {}, {}, file.mtime_us, Known::seen};
    seen.state = SeenFile::State::waiting;
    waiting_.push_back(file.path);
  }
  // One look may miss a name while the folder changes; who misses it twice may take the next file of that name for new.
  std::erase_if(files_, [this](auto& entry) {
    if (entry.second.missing < 2 || entry.second.state == SeenFile::State::open) return false;
    if (entry.second.state == SeenFile::State::done) forget(std::move(entry.second.span));
    return true;
  });
}

void SeenFiles::take_over_spellings(const std::vector<FolderFile>& files) {
  std::vector<PlacedFile> known, found;
  for (const auto& [path, seen] : files_) known.push_back({path, seen.span.identity.inode});
  for (const FolderFile& file : files) found.push_back({file.path, file.inode});
  const auto same = [&](const std::string& former, std::size_t at) {
    return is_same(files_.at(former).span, files[at]);
  };
  for (const auto& [former, present] : moved_files(known, found, same)) {
    auto seen = files_.extract(former);
    std::replace(waiting_.begin(), waiting_.end(), former, present);
    seen.key() = seen.mapped().span.path = present;
    files_.insert(std::move(seen));
  }
}

// A disk that was away for a while brings the same files back.
void SeenFiles::forget(FileSpan span) {
  if (!forgotten_.contains(span.path)) forgotten_order_.push_back(span.path);
  std::string path = span.path;
  forgotten_.insert_or_assign(std::move(path), std::move(span));
  if (forgotten_order_.size() <= kForgotten) return;
  forgotten_.erase(forgotten_order_.front());
  forgotten_order_.pop_front();
}

bool SeenFiles::is_back(const FolderFile& file, SeenFile& seen) {
  const auto known = forgotten_.find(file.path);
  if (known == forgotten_.end()) return false;
  const FileSpan was = std::move(known->second);
  forgotten_.erase(known);
  std::erase(forgotten_order_, file.path);
  if (!is_same(was, file)) return false;
  seen.span = was;
  seen.state = SeenFile::State::done;
  return true;
}

Status SeenFiles::check_half_read(Fs& fs) const {
  for (const auto& [path, seen] : files_) {
    if (!seen.half_read()) continue;
    const auto file = fs.open(path, OpenMode::read);
    const Status same = file.ok() ? check_identity(**file, path, seen.span.identity) : Status{file.error()};
    if (!same.ok()) return cannot_go_on(seen.span, same.error());
  }
  return {};
}

void SeenFiles::pass_over_waiting() {
  for (const std::string& path : waiting_) {
    SeenFile& seen = files_[path];
    seen.state = SeenFile::State::done;
    seen.span.known = Known::passed_over;
  }
  waiting_.clear();
}

bool SeenFiles::waits(const std::string& path) const {
  const SeenFile* seen = find(path);
  return seen != nullptr && seen->state == SeenFile::State::waiting;
}

bool SeenFiles::has_waiting() const {
  return std::any_of(waiting_.begin(), waiting_.end(), [this](const std::string& path) { return waits(path); });
}

std::int64_t SeenFiles::waiting_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [path, seen] : files_) bytes += seen.state == SeenFile::State::waiting ? seen.span.identity.size : 0;
  return bytes;
}

std::optional<std::string> SeenFiles::next() {
  while (!waiting_.empty()) {
    std::string path = std::move(waiting_.front());
    waiting_.pop_front();
    if (waits(path)) return path;
  }
  return std::nullopt;
}

const SeenFile* SeenFiles::find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace sr::operators
