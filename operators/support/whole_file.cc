#include "operators/support/whole_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/base/failpoint.h"
#include "engine/base/hash.h"

namespace sr::operators {
namespace {

constexpr std::size_t kBufferBytes = 1 << 18;
constexpr std::size_t kCompareBytes = 1 << 16;
constexpr std::string_view kHiddenEnd = ".tmp";

// Room may come: what a full disk has refused may be tried again.
Status may_pass(Status status) {
  if (status.ok() || (status.error().code != "ENOSPC" && status.error().code != "EDQUOT")) return status;
  Error error = status.error();
  error.retriable = true;
  return error;
}

// Tells whether two files hold the same bytes; both are `size` long.
Result<bool> same_bytes(File& a, File& b, std::int64_t size) {
  Vec<char> left, right;
  left.resize(kCompareBytes);
  right.resize(kCompareBytes);
  for (std::int64_t at = 0; at < size;) {
    const auto want = static_cast<std::size_t>(std::min<std::int64_t>(size - at, kCompareBytes));
    const auto got_left = a.pread(left.data(), want, at);
    if (!got_left.ok()) return got_left.error();
    const auto got_right = b.pread(right.data(), want, at);
    if (!got_right.ok()) return got_right.error();
    const std::size_t both = std::min(*got_left, *got_right);
    if (both == 0 || std::memcmp(left.data(), right.data(), both) != 0) return false;
    at += static_cast<std::int64_t>(both);
  }
  return true;
}

}  // namespace

std::string numbered(const std::string& path, int number) {
  if (number == 1) return path;
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.rfind('.');
  const bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const std::size_t end = has_extension ? dot : path.size();
  return path.substr(0, end) + "-" + std::to_string(number) + path.substr(end);
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

Status make_folder(Fs& fs, const std::string& path, bool durable) {
  SR_TRY(may_pass(fs.make_directories(path)));
  if (!durable) return {};
  // A name found here may be the work of a run that died before it was synced: sync every folder above.
  for (std::string at = path; at != "." && at != "/" && at != "..";) {
    while (at.size() > 1 && at.back() == '/') at.pop_back();
    at = split_path(at).first;
    const Status synced = sync_names(fs, at, Failpoint::sink_folder_names);
    // What may not be opened was not made by us.
    if (!synced.ok() && synced.error().code != "EACCES") return may_pass(synced);
  }
  return {};
}

std::string owner_mark(std::string_view job, std::string_view sink) {
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash_bytes(std::string(job) + "/" + std::string(sink))));
}

Status remove_leftovers(Fs& fs, const std::string& folder, std::string_view prefix, std::string_view owner,
                        const std::string& kept) {
  const auto names = fs.list(folder);
  if (!names.ok()) return names.error().code == "ENOENT" ? Status{} : names.error();
  const std::string begin = "." + std::string(prefix);
  const std::string end = "." + std::string(owner) + std::string(kHiddenEnd);
  const std::string kept_name = kept.empty() || split_path(kept).first != folder ? "" : split_path(kept).second;
  for (const std::string& name : *names) {
    if (name == kept_name || name.size() < begin.size() + end.size() || !name.starts_with(begin) ||
        !name.ends_with(end))
      continue;
    SR_TRY(fs.remove(fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name)));
  }
  return {};
}

std::string WholeFile::hidden_name(const std::string& path, const std::string& owner) {
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(0, name) + "." + path.substr(name) + (owner.empty() ? "" : "." + owner) + std::string(kHiddenEnd);
}

WholeFile::WholeFile(Fs& fs, std::string path, const WholeFileOptions& options)
    : fs_(fs), path_(std::move(path)), hidden_(hidden_name(path_, options.owner)), durable_(options.durable) {}

WholeFile::~WholeFile() {
  drop();
}

Status WholeFile::resume(std::int64_t size) {
  const auto info = fs_.stat(hidden_);
  if (!info.ok()) return info.error();
  if (info->size < size && !left_out(Failpoint::sink_hidden_size)) {
    return Error{
        fmt::format("{} is damaged: it holds {} bytes, but {} were committed to it", hidden_, info->size, size)};
  }
  SR_TRY(reopen());
  return left_out(Failpoint::sink_hidden_cut) ? Status() : cut(size);
}

// The position of an open file cannot be moved: open it at its end.
Status WholeFile::reopen() {
  file_.reset();
  auto opened = fs_.open(hidden_, OpenMode::append);
  if (!opened.ok()) return opened.error();
  file_ = std::move(*opened);
  return {};
}

Status WholeFile::write(std::string_view data) {
  size_ += static_cast<std::int64_t>(data.size());
  if (data.size() < kBufferBytes) {
    buffer_.append(data.data(), data.size());
    return buffer_.size() >= kBufferBytes ? flush() : Status{};
  }
  SR_TRY(flush());
  return may_pass(file_->write(data));
}

Status WholeFile::flush() {
  if (!file_) {
    auto opened = fs_.open(hidden_, OpenMode::truncate);
    if (!opened.ok()) return may_pass(opened.error());
    file_ = std::move(*opened);
  }
  if (buffer_.empty()) return {};
  Status status = file_->write({buffer_.data(), buffer_.size()});
  buffer_.clear();
  return may_pass(std::move(status));
}

Status WholeFile::sync() {
  SR_TRY(flush());
  if (!durable_) return {};
  SR_TRY(may_pass(sync_file(*file_, Failpoint::sink_hidden_bytes)));
  SR_TRY(check_there());
  if (!name_synced_) SR_TRY(may_pass(sync_names(fs_, split_path(path_).first, Failpoint::sink_hidden_name)));
  name_synced_ = true;
  return {};
}

Status WholeFile::cut(std::int64_t size) {
  if (!file_) {
    buffer_.resize(static_cast<std::size_t>(size));
    size_ = size;
    return {};
  }
  buffer_.clear();  // all of it lies behind what was flushed and synced
  SR_TRY(file_->truncate(size));
  SR_TRY(reopen());
  size_ = size;
  return {};
}

Result<std::string> WholeFile::publish() {
  SR_TRY(flush());
  if (durable_) SR_TRY(may_pass(sync_file(*file_, Failpoint::sink_file_bytes)));
  for (int number = 1;; ++number) {
    const std::string name = numbered(path_, number);
    const Status renamed = fs_.rename_no_replace(hidden_, name);
    const bool taken = !renamed.ok() && renamed.error().code == "EEXIST";
    if (taken && !durable_) continue;
    if (taken) {
      SR_TRY(check_same());
      drop();
    } else if (!renamed.ok()) {
      return may_pass(renamed).error();
    }
    file_.reset();
    if (durable_) SR_TRY(may_pass(sync_names(fs_, split_path(path_).first, Failpoint::sink_file_name)));
    return name;
  }
}

// Somebody may have removed or replaced the hidden file, and what is written then is nowhere.
Status WholeFile::check_there() const {
  const auto own = file_->info();
  if (!own.ok()) return own.error();
  const auto named = fs_.stat(hidden_);
  if (!named.ok() && named.error().code != "ENOENT") return named.error();
  if ((named.ok() && named->inode == own->inode) || left_out(Failpoint::sink_hidden_there)) return {};
  return Error{
      fmt::format("{} was removed or replaced while the job wrote it: what was committed to it, up to {} "
                  "bytes, is lost. Leave hidden files in the folder of the results alone",
                  hidden_, size_)};
}

// The name is taken: by this very batch in a run that died, or by somebody else's file.
Status WholeFile::check_same() const {
  const auto there = fs_.open(path_, OpenMode::read);
  if (!there.ok()) return there.error();
  const auto info = (*there)->info();
  if (!info.ok()) return info.error();
  if (info->size == size_) {
    const auto same = same_bytes(*file_, **there, size_);
    if (!same.ok()) return same.error();
    if (*same || left_out(Failpoint::sink_file_same)) return {};
  }
  return Error{
      fmt::format("{} is there already and is not what this batch gives ({} bytes, the batch has {}); nothing was "
                  "overwritten: move "
                  "it away or write to another folder",
                  path_, info->size, size_)};
}

void WholeFile::drop() {
  if (!file_) return;
  file_.reset();
  const Status removed = fs_.remove(hidden_);
  static_cast<void>(removed);  // what remains is hidden; the next start removes it
}

}  // namespace sr::operators
