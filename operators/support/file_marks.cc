#include "operators/support/file_marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/failpoint.h"
#include "engine/base/hash.h"

namespace sr::operators {
namespace {

constexpr std::int64_t kHashedBytes = 4096;

Result<std::uint64_t> hash_at(File& file, std::int64_t offset, std::int64_t size) {
  char bytes[kHashedBytes];
  std::size_t filled = 0;
  while (filled < static_cast<std::size_t>(size)) {
    auto got =
        file.pread(bytes + filled, static_cast<std::size_t>(size) - filled, offset + static_cast<std::int64_t>(filled));
    if (!got.ok()) return got.error();
    if (*got == 0) break;
    filled += *got;
  }
  return hash_bytes(bytes, filled);
}

void add_number(std::string& out, std::uint64_t number) {
  out += ' ';
  out += std::to_string(number);
}

void add_mark(std::string& out, const FileMark& mark) {
  add_number(out, static_cast<std::uint64_t>(mark.offset));
  add_number(out, (mark.read ? 1U : 0U) | (mark.inside ? 2U : 0U));
}

// Reads what encode_spans wrote; any number that is not there makes it bad.
class SpanReader {
 public:
  explicit SpanReader(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool good() const { return good_; }

  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    good_ = good_ && error == std::errc{};
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (!rest_.empty()) rest_.remove_prefix(1);
    return value;
  }
  std::int64_t count() { return static_cast<std::int64_t>(number()); }
  FileMark mark() {
    const std::int64_t offset = count();
    const std::uint64_t flags = number();
    return {offset, (flags & 1) != 0, (flags & 2) != 0};
  }
  std::string path() {
    const std::uint64_t size = number();
    if (!good_ || size > rest_.size()) good_ = false;
    if (!good_) return {};
    std::string path(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (!rest_.empty()) rest_.remove_prefix(1);
    return path;
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

Result<FileIdentity> identify(File& file, std::int64_t size) {
  auto info = file.info();
  if (!info.ok()) return info.error();
  const std::int64_t hashed = std::min(size, kHashedBytes);
  auto head = hash_at(file, 0, hashed);
  if (!head.ok()) return head.error();
  auto tail = hash_at(file, size - hashed, hashed);
  if (!tail.ok()) return tail.error();
  return FileIdentity{info->inode, size, *head, *tail};
}

Status check_identity(File& file, const std::string& path, const FileIdentity& saved) {
  const auto changed = [&path](const std::string& what) {
    return Error{path + ": is not the file that was read before: " + what, false, "changed"};
  };
  auto info = file.info();
  if (!info.ok()) return info.error();
  const bool same_file = info->inode == saved.inode;
  const bool other_size = same_file ? info->size < saved.size : info->size != saved.size;
  if (other_size && !left_out(Failpoint::source_file_size))
    return changed("it had " + std::to_string(saved.size) + " bytes and has " + std::to_string(info->size));
  auto now = identify(file, saved.size);
  if (!now.ok()) return now.error();
  if (now->head != saved.head && !left_out(Failpoint::source_file_head)) return changed("its beginning has changed");
  if (now->tail != saved.tail && !left_out(Failpoint::source_file_tail))
    return changed("what stands before byte " + std::to_string(saved.size) + " has changed");
  return {};
}

Error cannot_go_on(const FileSpan& span, const Error& why) {
  std::string text = why.message;
  if (span.to.offset < span.identity.size)
    text +=
        fmt::format("; it was read to byte {} of {}, and the rest would be lost", span.to.offset, span.identity.size);
  return Error{
      text +
          ". Put the former file back under its name; or go on without it: give the source another id, without "
          "`was`, and it reads from its beginning",
      false, "changed"};
}

Result<bool> begins_as(File& file, const FileIdentity& saved) {
  const auto info = file.info();
  if (!info.ok()) return info.error();
  if (info->size < saved.size) return false;
  const auto now = identify(file, saved.size);
  if (!now.ok()) return now.error();
  return now->head == saved.head && now->tail == saved.tail;
}

std::string encode_spans(const std::vector<FileSpan>& spans) {
  std::string out;
  for (const FileSpan& span : spans) {
    out += std::to_string(span.path.size());
    out += ' ';
    out += span.path;
    add_number(out, span.identity.inode);
    add_number(out, static_cast<std::uint64_t>(span.identity.size));
    add_number(out, span.identity.head);
    add_number(out, span.identity.tail);
    add_mark(out, span.from);
    add_mark(out, span.to);
    add_number(out, static_cast<std::uint64_t>(span.mtime_us));
    add_number(out, static_cast<std::uint64_t>(span.known));
    out += '\n';
  }
  return out;
}

Result<std::vector<FileSpan>> decode_spans(std::string_view text) {
  std::vector<FileSpan> spans;
  SpanReader in(text);
  while (!in.done() && in.good()) {
    FileSpan span;
    span.path = in.path();
    span.identity.inode = in.number();
    span.identity.size = in.count();
    span.identity.head = in.number();
    span.identity.tail = in.number();
    span.from = in.mark();
    span.to = in.mark();
    span.mtime_us = in.count();
    span.known = static_cast<Known>(std::min<std::uint64_t>(in.number(), 2));
    spans.push_back(std::move(span));
  }
  if (!in.good()) return Error{"the saved position cannot be read", false, "damaged"};
  return spans;
}

void TakenSpans::begin(std::int64_t batch) {
  if (batch == batch_) return;
  batch_ = batch;
  spans_.clear();
}

void TakenSpans::add(FileSpan span) {
  const bool goes_on = !spans_.empty() && spans_.back().path == span.path &&
                       spans_.back().identity.inode == span.identity.inode &&
                       spans_.back().to.offset == span.from.offset;
  if (goes_on) {
    spans_.back().identity = span.identity;
    spans_.back().to = span.to;
  } else {
    spans_.push_back(std::move(span));
  }
}

}  // namespace sr::operators
