#include "specs/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "specs/limits.h"

namespace sr::specs {

namespace {

std::uint32_t columns(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

struct Segment {
  std::string key;
  Span span;
};

std::vector<Segment> split(std::string_view path, std::uint32_t file) {
  std::vector<Segment> segments;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::uint32_t from = 1 + columns(path.substr(0, begin));
    const std::uint32_t to = 1 + columns(path.substr(0, end));
    segments.push_back({std::string(path.substr(begin, end - begin)), {file, 1, from, 1, to}});
    begin = end + 1;
  }
  return segments;
}

bool holds_nodes(std::string_view section) {
  return section == "sources" || section == "transforms" || section == "sinks" || section == "datasets";
}

const char* kind_name(const SpecValue& value) {
  return value.is_list() ? "a list" : "a single value";
}

class Override {
 public:
  Override(const std::string& argument, SourceMap& sources, Diagnostics& diagnostics)
      : argument_(argument), diagnostics_(diagnostics), file_(sources.add("--set", argument)) {}

  void apply(SpecValue& root) {
    const std::size_t equals = argument_.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail({"SR1045", "`--set` takes path=value", {file_, 1, 1, 1, 1 + columns(argument_)}},
                  "for example `--set transforms.counts.key=word`");
    }
    const std::vector<Segment> segments = split(std::string_view(argument_).substr(0, equals), file_);
    for (const Segment& segment : segments) {
      if (segment.key.empty()) return fail({"SR1045", "an empty name in the path of `--set`", segment.span}, {});
    }
    std::optional<SpecValue> value = read_value(equals + 1);
    if (!value) return;
    SpecValue* target = &root;
    for (std::size_t i = 0; i < segments.size() && target != nullptr; ++i) target = step(*target, segments, i);
    if (target != nullptr) *target = std::move(*value);
  }

 private:
  struct Finding {
    const char* code;
    std::string message;
    Span span;
  };
  void fail(Finding finding, std::string help, std::string suggestion = {}) {
    Diagnostic d;
    d.code = finding.code;
    d.message = std::move(finding.message);
    d.span = finding.span;
    d.help = std::move(help);
    d.suggestion = std::move(suggestion);
    diagnostics_.add(std::move(d));
  }

  std::optional<SpecValue> read_value(std::size_t begin) {
    const std::string_view text = std::string_view(argument_).substr(begin);
    if (!text.empty() && std::string_view("[{\"'").find(text[0]) != std::string_view::npos) {
      ReadBudget budget;
      return read_yaml_of(file_, std::string(columns(argument_.substr(0, begin)), ' ') + std::string(text), budget,
                          diagnostics_);
    }
    SpecValue value;
    value.kind = text == "null" || text == "~" ? SpecValue::Kind::null : SpecValue::Kind::scalar;
    value.text = std::string(text);
    const std::uint32_t from = 1 + columns(argument_.substr(0, begin));
    value.span = {file_, 1, from, 1, from + columns(text)};
    value.places.push_back({0, 1, from});
    return value;
  }

  // Gives what one segment leads to, made if need be; nullptr after a finding.
  SpecValue* step(SpecValue& at, const std::vector<Segment>& segments, std::size_t i) {
    const Segment& segment = segments[i];
    if (at.is_list()) return item(at, segment);
    if (at.is_scalar()) {
      const std::string& above = i > 0 ? segments[i - 1].key : segment.key;
      fail({"SR1046", fmt::format("`{}` is {}: it has no `{}`", above, kind_name(at), segment.key), segment.span}, {});
      return nullptr;
    }
    at.kind = SpecValue::Kind::map;
    at.text.clear();
    std::vector<std::string> names;
    for (SpecEntry& entry : at.entries) {
      if (entry.key == segment.key) return &entry.value;
      names.push_back(entry.key);
    }
    if (i == 1 && segments.size() > 2 && holds_nodes(segments[0].key)) {
      fail({"SR1046", fmt::format("there is no `{}` in `{}`", segment.key, segments[0].key), segment.span},
           fmt::format("to add a node, give all of it: `--set '{}.{}={{type: …}}'`", segments[0].key, segment.key),
           nearest(segment.key, names));
      return nullptr;
    }
    SpecEntry entry;
    entry.key = segment.key;
    entry.key_span = segment.span;
    entry.value.span = segment.span;
    at.entries.push_back(std::move(entry));
    return &at.entries.back().value;
  }

  SpecValue* item(SpecValue& list, const Segment& segment) {
    std::size_t index = 0;
    const char* end = segment.key.data() + segment.key.size();
    const auto [stop, error] = std::from_chars(segment.key.data(), end, index);
    if (error == std::errc() && stop == end && index < list.items.size()) return &list.items[index];
    fail({"SR1046", fmt::format("`{}` is not an index of this list", segment.key), segment.span},
         list.items.empty() ? "the list is empty" : fmt::format("it has the indices 0 to {}", list.items.size() - 1));
    return nullptr;
  }

  const std::string& argument_;
  Diagnostics& diagnostics_;
  std::uint32_t file_;
};

}  // namespace

void apply_override(SpecValue& root, const std::string& argument, SourceMap& sources, Diagnostics& diagnostics) {
  Override(argument, sources, diagnostics).apply(root);
}

}  // namespace sr::specs
