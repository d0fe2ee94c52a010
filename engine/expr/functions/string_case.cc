// upper, lower, initcap: Unicode case mappings without locale, with a fast path for ASCII. Entry point:
// register_string_case. Knows the mappings only through case_map.h. Tested in tests/unit/expr/strings_test.cc.
#include "engine/base/text.h"
#include "engine/expr/functions/case_map.h"
#include "engine/expr/functions/code_points.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// Sets the row to f of each byte.
template <class F>
void set_mapped(StringOutput& out, std::uint32_t row, std::string_view text, F&& f) {
  char small[Str::kInline];
  const bool is_small = text.size() <= Str::kInline;
  char* to = is_small ? small : out.allocate(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) to[i] = f(text[i]);
  out.set_view(row, std::string_view(to, text.size()));
}

void append_upper(std::string& out, char32_t c) {
  if (const char* several = long_upper(c)) {
    out += several;
  } else {
    append_character(out, c < 0x80 ? static_cast<char32_t>(ascii_upper(static_cast<char>(c))) : to_upper(c));
  }
}

bool is_letter(char32_t c) {
  if (c < 0x80) return ascii_upper(static_cast<char>(c)) != ascii_lower(static_cast<char>(c));
  return to_upper(c) != c || to_lower(c) != c || long_upper(c) != nullptr;
}

// Σ at a word's end: behind a letter and before none (Unicode's Final_Sigma, for letters with case).
bool is_final_sigma(std::string_view text, std::size_t begin, std::size_t end, bool after_letter) {
  if (!after_letter) return false;
  return end >= text.size() || !is_letter(next_character(text, &end));
}

void append_lower(std::string& out, std::string_view text, std::size_t* at, bool after_letter) {
  const std::size_t begin = *at;
  const char32_t c = next_character(text, at);
  if (c < 0x80) {
    out.push_back(ascii_lower(static_cast<char>(c)));
  } else if (c == 0x3A3) {
    append_character(out, is_final_sigma(text, begin, *at, after_letter) ? 0x3C2 : 0x3C3);
  } else {
    append_character(out, c == 0x130 ? U'i' : to_lower(c));
    if (c == 0x130) append_character(out, 0x307);
  }
}

std::shared_ptr<Column> upper(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [](const Str& s, StringOutput& out, std::uint32_t row) {
    const std::string_view text = s.view();
    if (is_ascii(text)) return set_mapped(out, row, text, ascii_upper);
    std::string& to = out.scratch();
    for (std::size_t at = 0; at < text.size();) append_upper(to, next_character(text, &at));
    out.set(row, to);
  });
}

std::shared_ptr<Column> lower(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [](const Str& s, StringOutput& out, std::uint32_t row) {
    const std::string_view text = s.view();
    if (is_ascii(text)) return set_mapped(out, row, text, [](char c) { return ascii_lower(c); });
    std::string& to = out.scratch();
    bool after_letter = false;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t peek = at;
      const char32_t c = next_character(text, &peek);
      append_lower(to, text, &at, after_letter);
      after_letter = is_letter(c);
    }
    out.set(row, to);
  });
}

std::shared_ptr<Column> initcap(const CallContext& context, Args args) {
  return map_text<Str>(context, args, [](const Str& s, StringOutput& out, std::uint32_t row) {
    const std::string_view text = s.view();
    std::string& to = out.scratch();
    bool first = true;
    bool after_letter = false;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t peek = at;
      const char32_t c = next_character(text, &peek);
      if (first) {
        append_character(to, c < 0x80 ? static_cast<char32_t>(ascii_upper(static_cast<char>(c))) : to_title(c));
        at = peek;
      } else {
        append_lower(to, text, &at, after_letter);
      }
      after_letter = is_letter(c);
      first = c == ' ';
    }
    out.set(row, to);
  });
}

}  // namespace

void register_string_case(FunctionRegistry& registry) {
  Family strings(registry, "strings");
  const auto text = [](Kernel kernel) { return fixed({types::string()}, types::string(), kernel); };
  strings.add({{1, 1}, "upper(s)", "Gives the text in capital letters.", "upper('héllo') = 'HÉLLO'", text(upper)});
  strings.alias("ucase", "upper");
  strings.add({{1, 1}, "lower(s)", "Gives the text in small letters.", "lower('HÉLLO') = 'héllo'", text(lower)});
  strings.alias("lcase", "lower");
  strings.add({{1, 1},
               "initcap(s)",
               "Gives every word, as split at spaces, a capital letter and small ones behind it.",
               "initcap('hello wORLD foo-bar') = 'Hello World Foo-bar'",
               text(initcap)});
}

}  // namespace sr::expr
