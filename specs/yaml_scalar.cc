#include "specs/yaml_scalar.h"

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"

namespace sr::specs {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Gives what a one-letter escape of double quotes stands for; the parser has refused all others. Source:
// YAML 1.2.2, 5.7.
std::uint32_t simple_escape(char c) {
  switch (c) {
    case '0':
      return 0x00;
    case 'a':
      return 0x07;
    case 'b':
      return 0x08;
    case 't':
    case '\t':
      return 0x09;
    case 'n':
      return 0x0A;
    case 'v':
      return 0x0B;
    case 'f':
      return 0x0C;
    case 'r':
      return 0x0D;
    case 'e':
      return 0x1B;
    case 'N':
      return 0x85;
    case '_':
      return 0xA0;
    case 'L':
      return 0x2028;
    case 'P':
      return 0x2029;
    default:
      return static_cast<unsigned char>(c);
  }
}

// Walks one scalar of the file and notes a place wherever text and file part.
class Walk {
 public:
  Walk(const TextIndex& index, std::size_t start) : index_(index), source_(index.text()), at_(start) {
    out_.end = start;
  }

  LocatedScalar quoted() {
    out_.style = SpecValue::Style::quoted;
    const char quote = source_[at_++];
    mark();
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == quote && quote == '\'' && at_ + 1 < source_.size() && source_[at_ + 1] == '\'') {
        mark();
        out_.text += quote;
        at_ += 2;
        mark();
      } else if (c == quote) {
        ++at_;
        out_.end = at_;
        return std::move(out_);
      } else if (c == '\n') {
        fold_quoted();
      } else if (c == '\\' && quote == '"') {
        escape();
      } else {
        out_.text += c;
        ++at_;
      }
    }
    out_.closed = false;
    out_.end = at_;
    return std::move(out_);
  }

  LocatedScalar plain(std::string parsed) {
    out_.text = std::move(parsed);
    mark_at(0);
    std::size_t done = 0;
    while (done < out_.text.size() && at_ < source_.size()) {
      std::size_t stop = at_;
      while (stop < source_.size() && is_blank(source_[stop])) ++stop;
      if (stop < source_.size() && source_[stop] == '\n') {
        at_ = stop;
        mark_at(done);
        while (done < out_.text.size() && out_.text[done] == '\n') ++done;
        if (done < out_.text.size() && out_.text[done] == ' ') ++done;
        while (at_ < source_.size() && (is_blank(source_[at_]) || source_[at_] == '\n')) ++at_;
        mark_at(done);
      } else {
        if (source_[at_] != out_.text[done]) break;
        ++at_;
        ++done;
      }
    }
    out_.end = at_;
    return std::move(out_);
  }

  LocatedScalar block(std::string parsed) {
    out_.style = SpecValue::Style::block;
    out_.text = std::move(parsed);
    std::size_t line = index_.line_of(at_) + 1;
    out_.end = std::min(index_.line_end(line - 1), source_.size());
    std::size_t done = 0;
    std::size_t indent = std::string::npos;
    for (; line < index_.line_count() && done < out_.text.size(); ++line) {
      const std::string_view content = index_.line_text(line);
      const std::size_t spaces = std::min(content.find_first_not_of(' '), content.size());
      if (spaces == content.size() && (indent == std::string::npos || spaces <= indent)) continue;
      while (done < out_.text.size() && out_.text[done] == '\n') ++done;
      if (indent == std::string::npos) {
        const std::size_t kept = std::min(out_.text.find_first_not_of(' ', done), out_.text.size()) - done;
        indent = spaces - std::min(spaces, kept);
      }
      if (!take_line(line, indent, done)) break;
    }
    return std::move(out_);
  }

 private:
  // Notes that the next byte of the text stands where the walk is.
  void mark() { mark_at(out_.text.size()); }
  void mark_at(std::size_t text_offset) {
    if (!out_.places.empty() && out_.places.back().offset == text_offset) out_.places.pop_back();
    out_.places.push_back(index_.place(at_, text_offset));
  }

  // Folds a line break in quotes: blanks around it go, one break is a space, more are that many breaks less one.
  void fold_quoted() {
    std::size_t keep = out_.text.size();
    while (keep > kept_ && is_blank(out_.text[keep - 1])) --keep;
    out_.text.resize(keep);
    while (!out_.places.empty() && out_.places.back().offset > keep) out_.places.pop_back();
    mark();
    const std::size_t breaks = skip_breaks();
    out_.text += breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n');
    mark();
  }

  std::size_t skip_breaks() {
    std::size_t breaks = 0;
    while (at_ < source_.size() && (is_blank(source_[at_]) || source_[at_] == '\n'))
      breaks += source_[at_++] == '\n' ? 1 : 0;
    return breaks;
  }

  void escape() {
    if (at_ + 1 >= source_.size()) {
      ++at_;
      return;
    }
    mark();
    const char c = source_[at_ + 1];
    at_ += 2;
    if (c == '\n') {
      out_.text += std::string(skip_breaks(), '\n');
    } else if (const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0; digits > 0) {
      std::uint32_t code = 0;
      const std::string_view hex = source_.substr(at_, digits);
      std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      append_utf8(out_.text, code);
      at_ += hex.size();
    } else {
      append_utf8(out_.text, simple_escape(c));
    }
    kept_ = out_.text.size();
    mark();
  }

  // Takes one line of a block scalar, whose text follows in out_.text at `done` after at most one folded space.
  bool take_line(std::size_t line, std::size_t indent, std::size_t& done) {
    const std::string_view whole = index_.line_text(line);
    if (whole.size() < indent) return true;
    const std::string_view content = whole.substr(indent);
    const std::string_view rest = std::string_view(out_.text).substr(done);
    if (!rest.starts_with(content)) {
      if (!rest.starts_with(' ') || !rest.substr(1).starts_with(content)) return false;
      ++done;
    }
    at_ = index_.line_start(line) + indent;
    mark_at(done);
    done += content.size();
    at_ = index_.line_end(line);
    out_.end = at_;
    return true;
  }

  const TextIndex& index_;
  std::string_view source_;
  std::size_t at_;
  std::size_t kept_ = 0;  // text before this is from an escape: folding keeps its blanks
  LocatedScalar out_;
};

// Adds places to long runs of text, so that a byte is found without a walk from afar.
void add_steps(LocatedScalar& scalar) {
  constexpr std::size_t kStep = 4096;
  if (scalar.text.size() <= kStep) return;
  std::vector<SpecValue::Place> places;
  for (std::size_t i = 0; i < scalar.places.size(); ++i) {
    SpecValue::Place place = scalar.places[i];
    const std::size_t end = i + 1 < scalar.places.size() ? scalar.places[i + 1].offset : scalar.text.size();
    places.push_back(place);
    while (place.offset + kStep < end) {
      const std::string_view step = std::string_view(scalar.text).substr(place.offset, kStep);
      place.column += static_cast<std::uint32_t>(code_points(step));
      place.offset += static_cast<std::uint32_t>(kStep);
      places.push_back(place);
    }
  }
  scalar.places = std::move(places);
}

}  // namespace

LocatedScalar locate_scalar(const TextIndex& index, std::size_t start, std::string parsed) {
  const char first = start < index.text().size() ? index.text()[start] : '\n';
  Walk walk(index, start);
  LocatedScalar found = first == '"' || first == '\''  ? walk.quoted()
                        : first == '|' || first == '>' ? walk.block(std::move(parsed))
                                                       : walk.plain(std::move(parsed));
  add_steps(found);
  return found;
}

}  // namespace sr::specs
