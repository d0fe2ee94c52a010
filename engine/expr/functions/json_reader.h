// Reads JSON text of which nothing is known, step by step and with full checks, as Spark's reader does: texts may also
// stand in single quotes and hold control characters. Knows nothing of columns. Tested in tests/unit/expr/json_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "engine/data/codec.h"

namespace sr::expr {

// A cursor. Every call that gives false leaves it somewhere inside text that is no JSON (or too deep): give up then.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  // Moves behind white space and tells what begins there: { [ " ' t f n, a digit or -, '\0' at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool is_null() { return peek() == 'n'; }

  // Moves behind the value that begins here.
  bool skip_value();
  // The same, and gives its text.
  bool value(std::string_view* out);
  // Moves behind the text that begins here (which must be a quote); appends its characters to `out` if there is one.
  bool string(std::string* out);

  // Objects: enter, then while next_member gives a name read or skip its value; `end` says that there are no more.
  bool enter();  // moves behind { or [
  bool next_member(std::string* name, bool* end);
  // Arrays: enter, then while not `end` read or skip an element.
  bool next_element(bool* end);

  std::size_t place() const { return at_; }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool escape(std::string* out);
  bool unicode(std::string* out);
  bool hex4(char32_t* out);
  bool number();
  bool word(std::string_view wanted);
  bool skip_nested(int depth);

  std::string_view text_;
  std::size_t at_ = 0;
  bool first_ = false;  // the last step was enter
};

// The text of a value that JsonReader took, without white space, numbers with a point or exponent as doubles are
// written.
void write_compact_json(std::string& out, std::string_view value);
// The characters of a value that is a text.
std::string json_text(std::string_view value);

}  // namespace sr::expr
