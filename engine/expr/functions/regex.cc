// PCRE2 with JIT behind Regex and Matcher. Entry points: see regex.h. Tested in tests/unit/expr/regex_test.cc.
#include "engine/expr/functions/regex.h"

#include <cstring>

#include "engine/base/check.h"
#include "engine/expr/functions/code_points.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace sr::expr {

namespace {

// Steps of the matcher, and memory, before a row fails. A million steps take about 10 ms.
constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kDepthLimit = 100'000;
constexpr std::uint32_t kHeapLimitKiB = 16 * 1024;
constexpr std::size_t kJitStackBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxPatternBytes = 64 * 1024;
// Patterns of a column that are kept compiled at a time.
constexpr std::size_t kMaxCachedPatterns = 256;

struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};

// Java's \uXXXX in the library's spelling.
std::string translate_escapes(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    out.push_back(pattern[i]);
    if (pattern[i] != '\\' || i + 1 == pattern.size()) continue;
    ++i;
    const bool hex = pattern[i] == 'u' && i + 4 < pattern.size() &&
                     pattern.substr(i + 1, 4).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (hex) {
      out += "x{";
      out += pattern.substr(i + 1, 4);
      out += "}";
      i += 4;
    } else {
      out.push_back(pattern[i]);
    }
  }
  return out;
}

bool is_sign(char c) {
  return std::strchr("\\^$.|?*+()[]{}-/ ,;:!\"#%&'<=>@_`~", c) != nullptr && c != '\0';
}

// The character of an escape that stands for itself, or 0.
char escaped_literal(char c) {
  if (c == 't') return '\t';
  if (c == 'n') return '\n';
  if (c == 'r') return '\r';
  return is_sign(c) && c != '<' && c != '>' && c != '_' && c != '`' && c != '\'' ? c : '\0';
}

}  // namespace

std::optional<std::string> literal_of_pattern(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      const char literal = i + 1 < pattern.size() ? escaped_literal(pattern[i + 1]) : '\0';
      if (literal == '\0') return std::nullopt;
      out.push_back(literal);
      ++i;
    } else if (c == '[') {
      if (i + 2 >= pattern.size() || pattern[i + 2] != ']' || std::strchr("^[]\\&", pattern[i + 1]))
        return std::nullopt;
      if (static_cast<unsigned char>(pattern[i + 1]) >= 0x80) return std::nullopt;
      out.push_back(pattern[i + 1]);
      i += 2;
    } else if (std::strchr("^$.|?*+()]{}", c) != nullptr || c == '\0') {
      return std::nullopt;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

struct Regex::Code {
  pcre2_code* code = nullptr;
  bool jit = false;
  ~Code() { pcre2_code_free(code); }
};

Regex::~Regex() = default;

std::shared_ptr<const Regex> Regex::compile(std::string_view pattern, std::string* error) {
  if (pattern.size() > kMaxPatternBytes) {
    *error = "the pattern is longer than 64 KiB";
    return nullptr;
  }
  const std::string text = translate_escapes(pattern);
  const std::unique_ptr<pcre2_compile_context, FreeContext> context(pcre2_compile_context_create(nullptr));
  SR_CHECK(context != nullptr);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);
  int code = 0;
  std::size_t offset = 0;
  std::shared_ptr<Regex> regex(new Regex());
  regex->code_ = std::make_unique<Code>();
  regex->code_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &offset, context.get());
  if (regex->code_->code == nullptr) {
    unsigned char message[256] = {};
    pcre2_get_error_message(code, message, sizeof(message));
    *error = "bad regular expression: " + std::string(reinterpret_cast<const char*>(message)) + " at character " +
             std::to_string(code_points(std::string_view(text).substr(0, offset)) + 1);
    return nullptr;
  }
  regex->code_->jit = pcre2_jit_compile(regex->code_->code, PCRE2_JIT_COMPLETE) == 0;
  pcre2_pattern_info(regex->code_->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups_);
  regex->literal_ = literal_of_pattern(pattern);
  return regex;
}

int Regex::group_named(const std::string& name) const {
  return pcre2_substring_number_from_name(code_->code, reinterpret_cast<PCRE2_SPTR>(name.c_str()));
}

struct Matcher::Data {
  std::unique_ptr<pcre2_match_context, FreeContext> context;
  std::unique_ptr<pcre2_match_data, FreeContext> match;
  std::unique_ptr<pcre2_jit_stack, FreeContext> stack;
};

Matcher::Matcher(const Regex& regex) : regex_(regex), data_(std::make_unique<Data>()) {
  data_->context.reset(pcre2_match_context_create(nullptr));
  data_->match.reset(pcre2_match_data_create_from_pattern(regex.code().code, nullptr));
  SR_CHECK(data_->context != nullptr && data_->match != nullptr);
  pcre2_set_match_limit(data_->context.get(), kMatchLimit);
  pcre2_set_depth_limit(data_->context.get(), kDepthLimit);
  pcre2_set_heap_limit(data_->context.get(), kHeapLimitKiB);
}

Matcher::~Matcher() = default;

bool Matcher::find(std::string_view text, std::size_t from) {
  text_ = text;
  error_ = nullptr;
  const auto run = [&] {
    const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
    const auto* code = regex_.code().code;
    return regex_.code().jit
               ? pcre2_jit_match(code, subject, text.size(), from, 0, data_->match.get(), data_->context.get())
               : pcre2_match(code, subject, text.size(), from, 0, data_->match.get(), data_->context.get());
  };
  int found = run();
  if (found == PCRE2_ERROR_JIT_STACKLIMIT && !data_->stack) {
    data_->stack.reset(pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr));
    pcre2_jit_stack_assign(data_->context.get(), nullptr, data_->stack.get());
    found = run();
  }
  if (found >= 0) return true;
  if (found != PCRE2_ERROR_NOMATCH) error_ = "the regular expression takes too many steps on this text";
  return false;
}

std::size_t Matcher::begin() const {
  return pcre2_get_ovector_pointer(data_->match.get())[0];
}

std::size_t Matcher::end() const {
  return pcre2_get_ovector_pointer(data_->match.get())[1];
}

std::optional<std::string_view> Matcher::group(std::uint32_t index) const {
  const PCRE2_SIZE* places = pcre2_get_ovector_pointer(data_->match.get());
  const PCRE2_SIZE begin = places[2 * index];
  const PCRE2_SIZE end = places[2 * index + 1];
  if (begin == PCRE2_UNSET || end < begin) return std::nullopt;
  return text_.substr(begin, end - begin);
}

std::size_t next_search(std::string_view text, std::size_t begin, std::size_t end) {
  if (end > begin) return end;
  return end < text.size() ? end + character_size(text, end) : end + 1;
}

Matcher* Patterns::at(std::uint32_t row, std::string* error) {
  if (prepared_) {
    if (!matcher_) matcher_ = std::make_unique<Matcher>(*prepared_);
    regex_ = prepared_;
    return matcher_.get();
  }
  const std::string_view pattern = column_.get<Str>(row).view();
  auto found = cache_.find(pattern);
  if (found == cache_.end()) {
    if (cache_.size() >= kMaxCachedPatterns) cache_.clear();
    Entry entry;
    entry.regex = Regex::compile(pattern, &entry.error);
    if (entry.regex) entry.matcher = std::make_unique<Matcher>(*entry.regex);
    found = cache_.emplace(std::string(pattern), std::move(entry)).first;
  }
  *error = found->second.error;
  regex_ = found->second.regex.get();
  return found->second.matcher.get();
}

bool prepare_pattern(const ResolveInput& input, std::size_t index, ResolvedCall* call, ResolveError* error) {
  const std::optional<std::string_view> pattern = constant_text(input, index);
  if (!pattern) return true;
  std::string message;
  std::shared_ptr<const Regex> regex = Regex::compile(*pattern, &message);
  if (!regex) return refuse(error, index, std::move(message));
  call->prepared = std::move(regex);
  return true;
}

}  // namespace sr::expr
