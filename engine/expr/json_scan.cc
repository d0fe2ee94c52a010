// A scanner of valid JSON text. Entry points: find_json, json_string_value. Tested in tests/unit/expr/variant_test.cc.
#include "engine/expr/json_scan.h"

#include <cstring>

namespace sr::expr {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The position behind the string that begins at text[at].
std::size_t skip_string(std::string_view text, std::size_t at) {
  ++at;
  for (;;) {
    at = text.find('"', at);
    if (at == std::string_view::npos) return text.size();
    std::size_t slashes = 0;
    while (text[at - 1 - slashes] == '\\') ++slashes;
    ++at;
    if (slashes % 2 == 0) return at;
  }
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// The position behind the value that begins at text[at].
std::size_t skip_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return at;
  if (text[at] == '"') return skip_string(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' && !is_space(text[at])) ++at;
    return at;
  }
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    ++at;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return at;
}

std::string_view find_member(std::string_view text, const std::string& key) {
  std::string_view found;
  std::size_t at = skip_space(text, 1);
  while (at < text.size() && text[at] == '"') {
    const std::size_t name_end = skip_string(text, at);
    const std::string_view name = text.substr(at + 1, name_end - at - 2);
    at = skip_space(text, name_end);
    at = skip_space(text, at + 1);  // the colon
    const std::size_t end = skip_value(text, at);
    const bool escaped = std::memchr(name.data(), '\\', name.size()) != nullptr;
    if (escaped ? json_string_value(text.substr(name_end - name.size() - 2, name.size() + 2)) == key : name == key) {
      found = text.substr(at, end - at);
    }
    at = skip_space(text, end);
    if (at >= text.size() || text[at] != ',') break;
    at = skip_space(text, at + 1);
  }
  return found;
}

std::string_view find_element(std::string_view text, std::int64_t index) {
  if (index < 0) return {};
  std::size_t at = skip_space(text, 1);
  for (; at < text.size() && text[at] != ']'; --index) {
    const std::size_t end = skip_value(text, at);
    if (index == 0) return text.substr(at, end - at);
    at = skip_space(text, end);
    if (at >= text.size() || text[at] != ',') break;
    at = skip_space(text, at + 1);
  }
  return {};
}

void append_code(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

std::uint32_t hex4(std::string_view text, std::size_t at) {
  std::uint32_t code = 0;
  for (std::size_t i = at; i < at + 4 && i < text.size(); ++i) {
    const char c = text[i];
    code = code * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return code;
}

}  // namespace

std::string_view find_json(std::string_view json, const std::vector<JsonStep>& path) {
  json = trimmed(json);
  for (const JsonStep& step : path) {
    if (json.empty()) return {};
    if (step.is_index) {
      if (json[0] != '[') return {};
      json = find_element(json, step.index);
    } else {
      if (json[0] != '{') return {};
      json = find_member(json, step.key);
    }
  }
  return json;
}

bool is_json_null(std::string_view json) {
  return json.empty() || json == "null";
}

std::string json_string_value(std::string_view json) {
  const std::string_view text = json.substr(1, json.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
    if (const std::size_t known = kFrom.find(c); known != std::string_view::npos) {
      out += kTo[known];
    } else if (c == 'u') {
      std::uint32_t code = hex4(text, i + 1);
      i += 4;
      if (code >= 0xD800 && code < 0xDC00 && text.substr(i + 1).starts_with("\\u")) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4(text, i + 3) - 0xDC00);
        i += 6;
      }
      append_code(out, code);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace sr::expr
