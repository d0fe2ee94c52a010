// Following paths through JSON text in one pass. Entry point: JsonPath. Tested in tests/unit/expr/json_test.cc.
#include "engine/expr/functions/json_path.h"

#include "engine/expr/functions/json_reader.h"

namespace sr::expr {

namespace {

// Reads `[…]` up to its bracket: gives what is inside, or nothing.
bool bracketed(std::string_view& rest, std::string_view* inside, bool* quoted) {
  *quoted = rest.size() > 1 && rest[1] == '\'';
  const std::size_t close = *quoted ? rest.find("']", 2) : rest.find(']');
  if (close == std::string_view::npos) return false;
  const std::size_t begin = *quoted ? 2 : 1;
  *inside = rest.substr(begin, close - begin);
  rest.remove_prefix(close + (*quoted ? 2 : 1));
  return !inside->empty();
}

bool parse_index(std::string_view text, std::size_t* out) {
  *out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || *out > 100'000'000) return false;
    *out = *out * 10 + static_cast<std::size_t>(c - '0');
  }
  return !text.empty();
}

}  // namespace

std::shared_ptr<const JsonPath> JsonPath::compile(std::string_view text) {
  if (text.empty() || text[0] != '$') return nullptr;
  auto path = std::make_shared<JsonPath>();
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    Step step;
    if (rest[0] == '.') {
      const std::size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
      step.name = std::string(rest.substr(1, end - 1));
      if (step.name.empty()) return nullptr;
      if (step.name == "*") step.kind = Step::Kind::any_member;
      rest.remove_prefix(end);
    } else if (rest[0] == '[') {
      std::string_view inside;
      bool quoted = false;
      if (!bracketed(rest, &inside, &quoted)) return nullptr;
      step.name = std::string(inside);
      if (quoted) {
        if (inside == "*") step.kind = Step::Kind::any_member;
      } else if (inside == "*") {
        step.kind = Step::Kind::any_element;
      } else {
        step.kind = Step::Kind::element;
        if (!parse_index(inside, &step.index)) return nullptr;
      }
    } else {
      return nullptr;
    }
    path->steps_.push_back(std::move(step));
  }
  return path;
}

JsonPath::Found JsonPath::take(JsonReader& reader, Style style, std::string& out) {
  std::string_view value;
  if (!reader.value(&value)) return Found::broken;
  if (value == "null") return Found::no;
  if (style == Style::bare && (value[0] == '"' || value[0] == '\'')) {
    out += json_text(value);
  } else {
    write_compact_json(out, value);
  }
  return Found::yes;
}

// The first member with the name (or any) that leads somewhere; the rest is checked but skipped.
JsonPath::Found JsonPath::members(JsonReader& reader, std::size_t step, Style style, std::string& out) const {
  reader.enter();
  Found found = Found::no;
  std::string name;
  bool end = false;
  const bool any = steps_[step].kind == Step::Kind::any_member;
  while (reader.next_member(&name, &end)) {
    if (end) return found;
    if (found == Found::yes || (!any && name != steps_[step].name) || reader.is_null()) {
      if (!reader.skip_value()) return Found::broken;
    } else {
      found = follow(reader, step + 1, style, out);
      if (found == Found::broken) return found;
    }
  }
  return Found::broken;
}

JsonPath::Found JsonPath::element(JsonReader& reader, std::size_t step, Style style, std::string& out) const {
  reader.enter();
  Found found = Found::no;
  bool end = false;
  for (std::size_t index = 0; reader.next_element(&end); ++index) {
    if (end) return found;
    if (index != steps_[step].index) {
      if (!reader.skip_value()) return Found::broken;
    } else {
      found = follow(reader, step + 1, style, out);
      if (found == Found::broken) return found;
    }
  }
  return Found::broken;
}

// Several hits are an array, one stands alone.
JsonPath::Found JsonPath::all_elements(JsonReader& reader, std::size_t step, std::string& out) const {
  reader.enter();
  std::string hits;
  std::size_t count = 0;
  bool end = false;
  while (reader.next_element(&end)) {
    if (end) {
      out += count > 1 ? "[" + hits + "]" : hits;
      return count > 0 ? Found::yes : Found::no;
    }
    std::string hit;
    const Found found = follow(reader, step + 1, Style::json, hit);
    if (found == Found::broken) return found;
    if (found == Found::no) continue;
    if (count++ > 0) hits += ',';
    hits += hit;
  }
  return Found::broken;
}

JsonPath::Found JsonPath::follow(JsonReader& reader, std::size_t step, Style style, std::string& out) const {
  if (step == steps_.size()) return take(reader, style, out);
  const char begin = reader.peek();
  switch (steps_[step].kind) {
    case Step::Kind::member:
    case Step::Kind::any_member:
      if (begin == '{') return members(reader, step, style, out);
      break;
    case Step::Kind::element:
      if (begin == '[') return element(reader, step, style, out);
      break;
    case Step::Kind::any_element:
      if (begin == '[') return all_elements(reader, step, out);
      break;
  }
  return reader.skip_value() ? Found::no : Found::broken;
}

bool JsonPath::find(std::string_view json, std::string& out) const {
  JsonReader reader(json);
  return follow(reader, 0, Style::bare, out) == Found::yes;
}

}  // namespace sr::expr
