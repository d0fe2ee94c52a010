// Matching of `like` patterns over UTF-8 bytes: `_` takes a character, `%` any run; the usual shapes are plain
// searches. Entry point: LikePattern. Tested in tests/unit/expr/like_test.cc.
#include "engine/expr/functions/like_pattern.h"

#include <algorithm>

#include "engine/data/text_find.h"
#include "engine/expr/functions/case_map.h"
#include "engine/expr/functions/code_points.h"

namespace sr::expr {

namespace {

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      ++at;
    } else {
      append_character(out, to_lower(next_character(text, &at)));
    }
  }
  return out;
}

}  // namespace

std::optional<char32_t> single_character(std::string_view text) {
  if (text.empty() || character_size(text, 0) != text.size()) return std::nullopt;
  std::size_t at = 0;
  return next_character(text, &at);
}

std::optional<LikePattern> LikePattern::compile(std::string_view pattern, char32_t escape, bool ignore_case) {
  LikePattern compiled;
  compiled.ignore_case_ = ignore_case;
  const auto add_literal = [&](std::string_view text) {
    const std::string folded = ignore_case ? lower(text) : std::string(text);
    for (const char c : folded) compiled.elements_.push_back({Kind::byte, c});
  };
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t begin = at;
    const char32_t c = next_character(pattern, &at);
    if (c == escape) {
      if (at >= pattern.size()) return std::nullopt;
      const std::size_t next = at;
      const char32_t escaped = next_character(pattern, &at);
      if (escaped != U'%' && escaped != U'_' && escaped != escape) return std::nullopt;
      add_literal(pattern.substr(next, at - next));
    } else if (c == U'%') {
      const bool doubled = !compiled.elements_.empty() && compiled.elements_.back().kind == Kind::run;
      if (!doubled) compiled.elements_.push_back({Kind::run});
    } else if (c == U'_') {
      compiled.elements_.push_back({Kind::character});
    } else {
      add_literal(pattern.substr(begin, at - begin));
    }
  }
  compiled.classify();
  return compiled;
}

void LikePattern::classify() {
  const auto is_run = [](const Element& element) { return element.kind == Kind::run; };
  const bool first = !elements_.empty() && is_run(elements_.front());
  const bool last = elements_.size() > 1 && is_run(elements_.back());
  const auto runs = std::count_if(elements_.begin(), elements_.end(), is_run);
  const bool any_character =
      std::any_of(elements_.begin(), elements_.end(), [](const Element& e) { return e.kind == Kind::character; });
  if (any_character || runs != (first ? 1 : 0) + (last ? 1 : 0)) return;
  for (const Element& element : elements_) {
    if (element.kind == Kind::byte) literal_ += element.byte;
  }
  shape_ = first && last ? Shape::inside : first ? Shape::suffix : last ? Shape::prefix : Shape::exact;
}

bool LikePattern::matches(std::string_view text) const {
  std::string folded;
  if (ignore_case_) {
    folded = lower(text);
    text = folded;
  }
  switch (shape_) {
    case Shape::exact:
      return text == literal_;
    case Shape::prefix:
      return text.starts_with(literal_);
    case Shape::suffix:
      return text.ends_with(literal_);
    case Shape::inside:
      return find_text(text, literal_) != std::string_view::npos;
    case Shape::general:
      return matches_general(text);
  }
  return false;
}

// Greedy: after a mismatch the last run takes one more character.
bool LikePattern::matches_general(std::string_view text) const {
  std::size_t at = 0, element = 0;
  std::size_t run_element = elements_.size(), run_at = 0;
  while (at < text.size()) {
    if (element < elements_.size() && elements_[element].kind == Kind::run) {
      run_element = element++;
      run_at = at;
    } else if (element < elements_.size() && elements_[element].kind == Kind::character) {
      at += character_size(text, at);
      ++element;
    } else if (element < elements_.size() && elements_[element].byte == text[at]) {
      ++at;
      ++element;
    } else if (run_element < elements_.size()) {
      run_at += character_size(text, run_at);
      at = run_at;
      element = run_element + 1;
    } else {
      return false;
    }
  }
  while (element < elements_.size() && elements_[element].kind == Kind::run) ++element;
  return element == elements_.size();
}

}  // namespace sr::expr
