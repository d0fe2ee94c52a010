#include "specs/interpolation.h"

#include <fmt/format.h>

#include <algorithm>

#include "specs/limits.h"

namespace sr::specs {

const std::string* Variables::find(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  if (found != values_.end()) return &found->second;
  return outer_ ? outer_->find(name) : nullptr;
}

bool Variables::is_opaque(std::string_view name) const {
  if (std::find(opaque_.begin(), opaque_.end(), name) != opaque_.end()) return true;
  return outer_ != nullptr && !values_.contains(std::string(name)) && outer_->is_opaque(name);
}

std::vector<std::string> Variables::names() const {
  std::vector<std::string> names = outer_ ? outer_->names() : std::vector<std::string>();
  for (const auto& [name, value] : values_) names.push_back(name);
  return names;
}

std::uint32_t Unresolved::keep(std::vector<Diagnostic> findings) {
  kept_.push_back({std::move(findings), false});
  return static_cast<std::uint32_t>(kept_.size());
}

void Unresolved::forgive_secret(const SpecValue& value) {
  if (dry_run_ && value.unresolved != 0) kept_[value.unresolved - 1].forgiven = true;
}

void Unresolved::report(const SpecValue& root, Diagnostics& diagnostics) const {
  if (kept_.empty()) return;
  report_value(root, diagnostics);
  for (const SpecValue& item : root.items) report_below(item, diagnostics);
  for (const SpecEntry& entry : root.entries) {
    if (!entry.key.starts_with("x-")) report_below(entry.value, diagnostics);
  }
}

void Unresolved::report_below(const SpecValue& value, Diagnostics& diagnostics) const {
  report_value(value, diagnostics);
  for (const SpecValue& item : value.items) report_below(item, diagnostics);
  for (const SpecEntry& entry : value.entries) report_below(entry.value, diagnostics);
}

void Unresolved::report_value(const SpecValue& value, Diagnostics& diagnostics) const {
  if (value.unresolved == 0 || kept_[value.unresolved - 1].forgiven) return;
  for (const Diagnostic& finding : kept_[value.unresolved - 1].findings) {
    if (diagnostics.error_count() < kMaxReadErrors) diagnostics.add(finding);
  }
}

namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Gives the byte after the `}` that closes the `${` at `begin`, or npos.
std::size_t closing(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{' && i > 0 && text[i - 1] == '$') ++depth;
    if (text[i] == '}' && depth > 0 && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

// Follows SpecValue::places through a text from left to right, in linear time altogether.
class PlaceCursor {
 public:
  explicit PlaceCursor(const SpecValue& value) : value_(value) {}

  // Gives the place of a byte; offsets must not fall.
  SpecValue::Place at(std::size_t offset) {
    while (next_ < value_.places.size() && value_.places[next_].offset <= offset) here_ = value_.places[next_++];
    for (; here_.offset < offset && here_.offset < value_.text.size(); ++here_.offset) {
      if ((value_.text[here_.offset] & 0xC0) != 0x80) ++here_.column;
    }
    return here_;
  }

 private:
  const SpecValue& value_;
  std::size_t next_ = 0;
  SpecValue::Place here_;
};

// Fills in one scalar.
class Filler {
 public:
  Filler(SpecValue& value, InterpolationScope& scope, std::size_t& added)
      : value_(value), scope_(scope), added_(added) {}

  void run() {
    const std::string& source = value_.text;
    std::size_t at = 0;
    while (at < source.size()) {
      const std::size_t dollar = std::min(source.find("${", at), source.size());
      const bool escaped = dollar > at && dollar < source.size() && source[dollar - 1] == '$';
      copy(at, escaped ? dollar - 1 : dollar);
      at = dollar;
      if (at == source.size()) break;
      if (escaped || source.compare(at, 3, "${!") == 0) {
        const std::size_t end = escaped ? at + 2 : std::min(closing(source, at), source.size());
        if (!escaped) check_runtime(at, end);
        copy(at, end);
        at = end;
        continue;
      }
      const std::size_t end = closing(source, at);
      begin_reference(at, std::min(end, source.size()));
      if (end == std::string::npos) {
        fail("SR1032", "`${` is never closed", "no `}` follows", "write `$${` for a `${` that is meant as text");
      } else if (auto filled = reference(std::string_view(source).substr(at + 2, end - at - 3), 0)) {
        text_ += *filled;
      }
      value_.interpolated = true;
      at = std::min(end, source.size());
    }
    finish();
  }

 private:
  // Notes that the next byte of the new text comes from byte `at` of the old one.
  void mark(std::size_t at) {
    if (value_.places.empty()) return;
    SpecValue::Place place = cursor_.at(at);
    place.offset = static_cast<std::uint32_t>(text_.size());
    if (!places_.empty() && places_.back().offset == place.offset) places_.pop_back();
    places_.push_back(place);
  }

  // Copies the bytes [begin, end) with their places.
  void copy(std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    mark(begin);
    const std::size_t shift = text_.size();
    auto place = std::upper_bound(value_.places.begin(), value_.places.end(), begin,
                                  [](std::size_t o, const SpecValue::Place& p) { return o < p.offset; });
    for (; place != value_.places.end() && place->offset < end; ++place) {
      places_.push_back({static_cast<std::uint32_t>(place->offset - begin + shift), place->line, place->column});
    }
    text_.append(value_.text, begin, end - begin);
  }

  // Takes up the reference [begin, end): the span of its findings.
  void begin_reference(std::size_t begin, std::size_t end) {
    mark(begin);
    span_ = value_.span;
    if (value_.places.empty()) return;
    const SpecValue::Place from = cursor_.at(begin);
    const SpecValue::Place last = cursor_.at(end - 1);
    span_ = {value_.span.file, from.line, from.column, last.line, last.column + 1};
  }

  // Reports a placeholder that no batch could fill in.
  void check_runtime(std::size_t begin, std::size_t end) {
    const std::string_view whole = std::string_view(value_.text).substr(begin, end - begin);
    if (whole == "${!batch.time}") return;
    begin_reference(begin, end);
    fail("SR1032", fmt::format("`{}` is not filled in while running", whole), "did you mean `${!batch.time}`?",
         "`${!batch.time}` is the batch's time in milliseconds; write `$${` for a `${` that is meant as text");
    if (!findings_.empty()) findings_.back().suggestion = "${!batch.time}";
  }

  // Fills in what stands between `${` and `}`; nothing after a finding.
  std::optional<std::string> reference(std::string_view inside, std::size_t depth) {
    if (inside.starts_with("file:")) return file(inside.substr(5));
    const std::size_t colon = inside.find(':');
    const std::string_view name = inside.substr(0, colon);
    const std::string_view form = colon == std::string_view::npos ? "" : inside.substr(colon, 2);
    if (!is_name(name) || (!form.empty() && form != ":-" && form != ":?")) {
      return fail("SR1032", fmt::format("`${{{}}}` is not a variable", inside),
                  "expected a name of letters, digits and `_`",
                  "the forms are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${file:/path}; write `$${` for a `${` "
                  "that is text");
    }
    if (scope_.used != nullptr) scope_.used->emplace_back(name);
    if (scope_.variables.is_opaque(name)) return unknown();
    const std::string* found = scope_.variables.find(name);
    if (found != nullptr && (form.empty() || !found->empty())) return grow(*found);
    if (form == ":-") return nested(inside.substr(colon + 2), depth + 1);
    if (form == ":?") {
      const std::string message(inside.substr(colon + 2));
      return fail("SR1031", fmt::format("variable `{}` must be set{}", name, message.empty() ? "" : ": " + message),
                  found ? "set, but empty" : "not set",
                  fmt::format("set it: {}=… streamrun …, or in an --env-file", name));
    }
    return undefined(name);
  }

  std::optional<std::string> undefined(std::string_view name) {
    const std::string close = nearest(name, scope_.variables.names());
    fail("SR1030", fmt::format("variable `{}` is not set", name),
         close.empty() ? "not set, and no default is given" : fmt::format("did you mean `{}`?", close),
         fmt::format("set it in the environment or an --env-file, or give a default: ${{{}:-…}}", name));
    if (!findings_.empty()) findings_.back().suggestion = close;
    return std::nullopt;
  }

  // Fills in a default, which may hold references itself.
  std::optional<std::string> nested(std::string_view text, std::size_t depth) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t dollar = std::min(text.find("${", at), text.size());
      out += text.substr(at, dollar - at);
      if (dollar == text.size()) break;
      const std::size_t end = closing(text, dollar);
      if (end == std::string_view::npos || depth > kMaxInterpolationDepth) {
        return fail("SR1032", "a default that cannot be read", "`${` is never closed, or nested too deep", {});
      }
      auto filled = reference(text.substr(dollar + 2, end - dollar - 3), depth);
      if (!filled) return std::nullopt;
      out += *filled;
      at = end;
    }
    return grow(out);
  }

  std::optional<std::string> file(std::string_view path) {
    if (scope_.unresolved.dry_run() || scope_.fs == nullptr) return unknown();
    Result<std::string> read = scope_.fs->read_all(std::string(path), kMaxSpecBytes);
    if (!read) {
      return fail("SR1033", fmt::format("cannot read the file of `${{file:{}}}`: {}", path, read.error().message),
                  "named here", "the file must exist and be readable when the job runs");
    }
    std::string content = std::move(*read);
    if (content.ends_with('\n')) content.pop_back();
    if (content.ends_with('\r')) content.pop_back();
    if (scope_.secrets != nullptr) scope_.secrets->add(content);
    return grow(content);
  }

  std::optional<std::string> grow(const std::string& text) {
    added_ += text.size();
    if (added_ <= kMaxExpandedBytes) return text;
    return fail("SR1034", fmt::format("variables add more than {} MiB to the job", kMaxExpandedBytes / 1024 / 1024),
                "the limit is reached here", {});
  }

  std::optional<std::string> unknown() {
    value_.opaque = true;
    return std::nullopt;
  }

  std::optional<std::string> fail(const char* code, std::string message, std::string label, std::string help) {
    Diagnostic d;
    d.code = code;
    d.message = std::move(message);
    d.label = std::move(label);
    d.help = std::move(help);
    d.span = span_;
    if (findings_.size() < kMaxReadErrors) findings_.push_back(std::move(d));
    value_.opaque = true;
    return std::nullopt;
  }

  void finish() {
    if (!findings_.empty()) value_.unresolved = scope_.unresolved.keep(std::move(findings_));
    if (value_.opaque) return;
    value_.text = std::move(text_);
    value_.places = std::move(places_);
  }

  SpecValue& value_;
  InterpolationScope& scope_;
  std::size_t& added_;
  PlaceCursor cursor_{value_};
  std::string text_;
  std::vector<SpecValue::Place> places_;
  Span span_;  // of the outermost reference at hand
  std::vector<Diagnostic> findings_;
};

void fill(SpecValue& value, InterpolationScope& scope, std::size_t& added) {
  const bool filled = scope.filled != nullptr && scope.filled->contains(value.span.file);
  if (!filled && value.is_scalar() && value.text.find("${") != std::string::npos) Filler(value, scope, added).run();
  for (SpecValue& item : value.items) fill(item, scope, added);
  for (SpecEntry& entry : value.entries) fill(entry.value, scope, added);
}

}  // namespace

void interpolate(SpecValue& value, InterpolationScope& scope) {
  std::size_t added = 0;
  if (!value.is_map()) return fill(value, scope, added);
  for (SpecEntry& entry : value.entries) {
    if (!entry.key.starts_with("x-")) fill(entry.value, scope, added);
  }
}

}  // namespace sr::specs
