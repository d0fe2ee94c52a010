// Taking csv apart. Tested in tests/unit/operators/csv_format_test.cc.
#include "operators/formats/csv_fields.h"

#include <cstring>

namespace sr::operators {

bool CsvScanner::quoted_field() {
  CsvField field;
  field.quoted = true;
  const std::size_t begin = ++at_;
  while (true) {
    const void* found =
        at_ < text_.size() ? std::memchr(text_.data() + at_, rules_.quote, text_.size() - at_) : nullptr;
    if (!found) {
      at_ = text_.size();
      field.text = text_.data() + begin;
      field.size = static_cast<std::uint32_t>(at_ - begin);
      fields_.push_back(field);
      return false;
    }
    at_ = static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
    if (at_ + 1 >= text_.size() || text_[at_ + 1] != rules_.quote) break;
    field.doubled = true;
    at_ += 2;
  }
  field.text = text_.data() + begin;
  field.size = static_cast<std::uint32_t>(at_ - begin);
  fields_.push_back(field);
  ++at_;
  marks_.skip_to(at_);
  return true;
}

CsvScanner::End CsvScanner::record() {
  fields_.clear();
  error_ = nullptr;
  while (true) {
    const std::size_t begin = at_;
    const bool quoted = at_ < text_.size() && text_[at_] == rules_.quote;
    if (quoted && !quoted_field()) {
      error_ = "a quoted field is not closed";
      return End::open_quote;
    }
    std::size_t end = marks_.next();
    while (end < text_.size() && text_[end] == rules_.quote && rules_.quote != rules_.delimiter) end = marks_.next();
    const bool last = end >= text_.size();
    const bool newline = !last && text_[end] == '\n';
    std::size_t stop = end;
    if (newline && stop > at_ && text_[stop - 1] == '\r') --stop;
    if (!quoted) {
      fields_.push_back({text_.data() + begin, static_cast<std::uint32_t>(stop - begin), false, false});
    } else if (stop != at_) {
      error_ = "text stands behind a closing quote";
    }
    at_ = last ? text_.size() : end + 1;
    if (last) return End::text;
    if (newline) return End::record;
  }
}

// Walks from quote to quote: between them only newlines and what stands before a quote matter.
std::size_t CsvFramer::complete(std::string_view bytes) const {
  std::size_t complete = 0;
  std::size_t at = 0;
  while (true) {
    const std::size_t quote = bytes.find(rules_.quote, at);
    const std::string_view plain = bytes.substr(at, quote == std::string_view::npos ? quote : quote - at);
    const std::size_t newline = plain.rfind('\n');
    if (newline != std::string_view::npos) complete = at + newline + 1;
    if (quote == std::string_view::npos) return complete;
    at = quote + 1;
    const bool opens = quote == 0 || bytes[quote - 1] == rules_.delimiter || bytes[quote - 1] == '\n';
    if (!opens) continue;
    while (true) {
      at = bytes.find(rules_.quote, at);
      if (at == std::string_view::npos || at + 1 == bytes.size()) return complete;
      if (bytes[at + 1] != rules_.quote) break;
      at += 2;
    }
    ++at;
  }
}

}  // namespace sr::operators
