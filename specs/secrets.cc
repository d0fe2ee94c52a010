#include "specs/secrets.h"

#include <algorithm>
#include <cctype>

namespace sr::specs {

namespace {

constexpr std::size_t kShort = 4;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
  const bool before = at == 0 || !is_word(text[at - 1]);
  const bool after = at + size >= text.size() || !is_word(text[at + size]);
  return before && after;
}

}  // namespace

void Secrets::add(std::string_view value) {
  if (value.empty() || std::find(values_.begin(), values_.end(), value) != values_.end()) return;
  values_.emplace_back(value);
  std::stable_sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

const std::string* Secrets::hidden(std::string_view text, std::size_t at) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const std::string& value) {
    return text.substr(at).starts_with(value) && (value.size() >= kShort || stands_alone(text, at, value.size()));
  });
  return found == values_.end() ? nullptr : &*found;
}

std::string Secrets::redact(std::string_view text) const {
  if (values_.empty()) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string* secret = hidden(text, at);
    if (secret == nullptr) {
      out += text[at++];
    } else {
      out += "***";
      at += secret->size();
    }
  }
  return out;
}

std::size_t Secrets::longest_in(std::string_view text) const {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (const std::string* secret = hidden(text, at)) longest = std::max(longest, secret->size());
  }
  return longest;
}

std::string Secrets::mask(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string* secret = hidden(text, at);
    if (secret == nullptr) {
      out += text[at++];
    } else {
      for (const char c : *secret) out += (c & 0xC0) == 0x80 ? "" : "*";
      at += secret->size();
    }
  }
  return out;
}

Diagnostic Secrets::redact(Diagnostic diagnostic) const {
  for (std::string* text : {&diagnostic.message, &diagnostic.label, &diagnostic.help, &diagnostic.suggestion})
    *text = redact(*text);
  return diagnostic;
}

}  // namespace sr::specs
