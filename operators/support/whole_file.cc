#include "operators/support/whole_file.h"

namespace sr::operators {
namespace {

constexpr std::size_t kBufferBytes = 1 << 18;

// The n-th choice of a name: `words-1000-2.txt` for `words-1000.txt`.
std::string numbered(const std::string& path, int number) {
  if (number == 1) return path;
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.rfind('.');
  const bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const std::size_t end = has_extension ? dot : path.size();
  return path.substr(0, end) + "-" + std::to_string(number) + path.substr(end);
}

}  // namespace

std::pair<std::string, std::string> split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

WholeFile::WholeFile(Fs& fs, std::string path, bool durable) : fs_(fs), path_(std::move(path)), durable_(durable) {
  const std::size_t slash = path_.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  hidden_ = path_.substr(0, name) + "." + path_.substr(name) + ".tmp";
}

WholeFile::~WholeFile() {
  drop();
}

Status WholeFile::write(std::string_view data) {
  size_ += static_cast<std::int64_t>(data.size());
  if (data.size() < kBufferBytes) {
    buffer_.append(data.data(), data.size());
    return buffer_.size() >= kBufferBytes ? flush() : Status{};
  }
  SR_TRY(flush());
  return file_->write(data);
}

Status WholeFile::flush() {
  if (!file_) {
    auto opened = fs_.open(hidden_, OpenMode::truncate);
    if (!opened.ok()) return opened.error();
    file_ = std::move(*opened);
  }
  if (buffer_.empty()) return {};
  const Status status = file_->write({buffer_.data(), buffer_.size()});
  buffer_.clear();
  return status;
}

Status WholeFile::cut(std::int64_t size) {
  if (!file_) {
    buffer_.resize(static_cast<std::size_t>(size));
    size_ = size;
    return {};
  }
  SR_TRY(flush());
  SR_TRY(file_->truncate(size));
  // The position of a file cannot be moved back: reopen at its end.
  file_.reset();
  auto opened = fs_.open(hidden_, OpenMode::append);
  if (!opened.ok()) return opened.error();
  file_ = std::move(*opened);
  size_ = size;
  return {};
}

Result<std::string> WholeFile::publish() {
  SR_TRY(flush());
  if (durable_) SR_TRY(file_->sync());
  for (int number = 1;; ++number) {
    const std::string name = numbered(path_, number);
    const Status renamed = fs_.rename_no_replace(hidden_, name);
    if (!renamed.ok() && renamed.error().code == "EEXIST") continue;
    if (!renamed.ok()) return renamed.error();
    file_.reset();
    if (durable_) SR_TRY(fs_.sync_directory(split_path(path_).first));
    return name;
  }
}

void WholeFile::drop() {
  if (!file_) return;
  file_.reset();
  const Status removed = fs_.remove(hidden_);
  static_cast<void>(removed);  // what remains is hidden and will be overwritten
}

}  // namespace sr::operators
