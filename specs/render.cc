#include "specs/render.h"

#include <algorithm>

namespace sr::specs {

namespace {

// A plain scalar that reads back as the same plain scalar.
bool is_safe_plain(const std::string& text) {
  static constexpr std::string_view kSpecial = "-?:,[]{}#&*!|>'\"%@`";
  if (text.empty() || text.front() == ' ' || text.back() == ' ' ||
      kSpecial.find(text.front()) != std::string_view::npos)
    return false;
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos || text.back() == ':') return false;
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; });
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

std::string scalar(const SpecValue& value) {
  if (value.is_null()) return "null";
  if (value.opaque) return "\"***\"";
  return value.style == SpecValue::Style::plain && is_safe_plain(value.text) ? value.text : quoted(value.text);
}

void render(const SpecValue& value, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_map()) {
    for (const SpecEntry& entry : value.entries) {
      out += margin + (is_safe_plain(entry.key) ? entry.key : quoted(entry.key)) + ":";
      const bool nested = (entry.value.is_map() && !entry.value.entries.empty()) ||
                          (entry.value.is_list() && !entry.value.items.empty());
      if (nested) {
        out += "\n";
        render(entry.value, indent + 2, out);
      } else {
        out += " " + (entry.value.is_map() ? "{}" : entry.value.is_list() ? "[]" : scalar(entry.value)) + "\n";
      }
    }
    return;
  }
  for (const SpecValue& item : value.items) {
    const bool nested = (item.is_map() && !item.entries.empty()) || (item.is_list() && !item.items.empty());
    if (!nested) {
      out += margin + "- " + (item.is_map() ? "{}" : item.is_list() ? "[]" : scalar(item)) + "\n";
      continue;
    }
    std::string inner;
    render(item, indent + 2, inner);
    inner.replace(indent, 1, "-");
    out += inner;
  }
}

}  // namespace

std::string render_yaml(const SpecValue& root) {
  std::string out;
  render(root, 0, out);
  return out;
}

void make_readable(SpecValue& root, const Secrets& secrets) {
  for (SpecEntry& entry : root.entries) make_readable(entry.value, secrets);
  for (SpecValue& item : root.items) make_readable(item, secrets);
  if (!root.is_scalar()) return;
  for (std::size_t at = 0; (at = root.text.find("${", at)) != std::string::npos; at += 3) {
    if (root.text.compare(at, 3, "${!") != 0) root.text.insert(at, 1, '$');  // that one is filled in while running
  }
  if (secrets.redact(root.text) != root.text) root.style = SpecValue::Style::quoted;
}

}  // namespace sr::specs
