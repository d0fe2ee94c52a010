#include "specs/yaml_outline.h"

#include <algorithm>

namespace sr::specs {

namespace {

class Outliner {
 public:
  Outliner(const TextIndex& index, std::size_t stop)
      : index_(index), text_(index.text()), stop_(std::min(stop, text_.size())) {}

  YamlOutline run() {
    while (at_ < stop_) step();
    return std::move(out_);
  }

 private:
  bool blank_at(std::size_t i) const {
    return i >= text_.size() || text_[i] == ' ' || text_[i] == '\t' || text_[i] == '\n';
  }

  void step() {
    const char c = text_[at_];
    if (blank_at(at_) || (c == '#' && (at_ == 0 || blank_at(at_ - 1)))) {
      const std::size_t next = index_.skip_space(at_);
      at_ = std::max(next, at_ + 1);
    } else if (c == '"' || c == '\'') {
      quote(c);
    } else if (c == '[' || c == '{') {
      out_.open.push_back({c, at_++});
    } else if (!out_.open.empty() && (c == ']' || c == '}')) {
      out_.open.pop_back();
      ++at_;
    } else if (!out_.open.empty() && c == ',') {
      ++at_;
    } else if ((c == '-' || c == '?' || c == ':') && blank_at(at_ + 1)) {
      ++at_;
    } else if (c == '&') {
      const std::size_t begin = at_ + 1;
      while (!blank_at(at_) && text_[at_] != ',' && text_[at_] != ']' && text_[at_] != '}') ++at_;
      out_.anchors.emplace_back(text_.substr(begin, at_ - begin));
    } else if ((c == '|' || c == '>') && out_.open.empty() && block()) {
      return;
    } else {
      plain();
    }
  }

  void quote(char c) {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && c == '"') {
        ++at_;
      } else if (text_[at_] == c) {
        if (c != '\'' || at_ + 1 >= text_.size() || text_[at_ + 1] != c) break;
        ++at_;
      }
      ++at_;
    }
    const bool closed = at_ < text_.size();
    at_ = std::min(at_ + 1, text_.size());
    out_.quotes.push_back({begin, at_, closed});
  }

  void plain() {
    ++at_;
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (c == ':' && (blank_at(at_ + 1) ||
                       (!out_.open.empty() && std::string_view(",]}").find(text_[at_ + 1]) != std::string_view::npos)))
        return;
      if (c == '#' && blank_at(at_ - 1)) return;
      if (!out_.open.empty() && std::string_view(",[]{}").find(c) != std::string_view::npos) return;
    }
  }

  // Skips a block scalar, whose lines stand deeper than the key or dash before it; false if this is none.
  bool block() {
    const std::size_t line = index_.line_of(at_);
    std::size_t end = at_ + 1;
    while (end < text_.size() && std::string_view("+-0123456789").find(text_[end]) != std::string_view::npos) ++end;
    if (!blank_at(end)) return false;
    std::size_t parent = index_.line_start(line);
    std::size_t dash = parent;
    while (parent < at_ && (text_[parent] == ' ' || (text_[parent] == '-' && blank_at(parent + 1)))) {
      if (text_[parent] == '-') dash = parent;
      ++parent;
    }
    const std::size_t indent = (parent == at_ ? dash : parent) - index_.line_start(line);
    const std::size_t begin = at_;
    std::size_t next = line + 1;
    for (; next < index_.line_count(); ++next) {
      const std::string_view content = index_.line_text(next);
      const std::size_t spaces = content.find_first_not_of(' ');
      if (spaces != std::string_view::npos && spaces <= indent) break;
    }
    at_ = index_.line_end(next - 1);
    out_.blocks.push_back({begin, at_, true});
    return true;
  }

  const TextIndex& index_;
  std::string_view text_;
  std::size_t stop_;
  std::size_t at_ = 0;
  YamlOutline out_;
};

}  // namespace

YamlOutline outline_yaml(const TextIndex& index, std::size_t stop) {
  return Outliner(index, stop).run();
}

}  // namespace sr::specs
