#include "cli/test_update.h"

#include <algorithm>
#include <cstdio>

namespace sr::cli {

namespace {

// Byte offset of a line and column (in code points) of a text.
std::size_t offset_of(const std::string& text, std::uint32_t line, std::uint32_t column) {
  std::size_t at = 0;
  for (std::uint32_t i = 1; i < line; ++i) at = std::min(text.find('\n', at), text.size() - 1) + 1;
  for (std::uint32_t i = 1; i < column && at < text.size() && text[at] != '\n'; ++i) {
    ++at;
    while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;
  }
  return at;
}

}  // namespace

bool update_expectations(const SourceMap& sources, const std::string& path, const std::vector<ActualRows>& updates) {
  if (updates.empty()) return true;
  std::string text = sources.file(updates[0].expect->batches.span.file).text;
  std::vector<const ActualRows*> ordered;
  for (const ActualRows& update : updates) ordered.push_back(&update);
  // From the end, so that earlier places stay where they are.
  std::sort(ordered.begin(), ordered.end(), [](const ActualRows* a, const ActualRows* b) {
    const Span &x = a->expect->batches.span, &y = b->expect->batches.span;
    return std::tie(y.line, y.column) < std::tie(x.line, x.column);
  });
  for (const ActualRows* update : ordered) {
    const Span& span = update->expect->batches.span;
    const std::size_t begin = offset_of(text, span.line, span.column);
    std::size_t end = offset_of(text, span.end_line, span.end_column);
    const bool block = begin < text.size() && text[begin] == '-';
    while (block && end > begin && (text[end - 1] == '\n' || text[end - 1] == ' ')) --end;
    text.replace(begin, end - begin, update->yaml);
  }
  auto file = real_environment().fs->open(path, OpenMode::truncate);
  const Status written = file.ok() ? (*file)->write(text) : Status(file.error());
  if (written.ok()) return true;
  std::fprintf(stderr, "streamrun: %s\n", written.error().message.c_str());
  return false;
}

}  // namespace sr::cli
