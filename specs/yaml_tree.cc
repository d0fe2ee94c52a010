#include "specs/yaml_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "specs/limits.h"

namespace sr::specs {

namespace {

// What stands for an unquoted `<<` until take(): no file can hold this byte in a plain key.
constexpr const char* kMergeKey = "\x01<<";

bool is_merge_key(const SpecValue& value) {
  return value.is_scalar() && value.style == SpecValue::Style::plain && value.text == "<<";
}

Diagnostic merge_error(const SpecValue& value, Span key) {
  // What an alias names stands elsewhere, and may be right there.
  const bool alias = value.span.line < key.line || (value.span.line == key.line && value.span.column < key.column);
  return {.code = "SR1016",
          .message = "`<<` merges a map or a list of maps, nothing else",
          .span = alias ? key : value.span,
          .label = value.is_list() ? "this list holds something else" : "this is no map",
          .help = "name a map by its anchor: `<<: *base`, or several: `<<: [*base, *more]`"};
}

}  // namespace

void YamlTree::error(Diagnostic diagnostic) {
  if (++errors_ > kMaxReadErrors) {
    stopped_ = true;
    return;
  }
  diagnostics_.add(std::move(diagnostic));
}

bool YamlTree::count_node(Span span) {
  if (++budget_.nodes <= kMaxSpecNodes) return true;
  error({.code = "SR1019",
         .message = fmt::format("the job has more than {} values", kMaxSpecNodes),
         .span = span,
         .label = "the limit is reached here",
         .help = "aliases and fragments count as often as they are used"});
  stopped_ = true;
  return false;
}

// Notes where an anchored node will stand: the indices of the open entries and of its own.
void YamlTree::remember(Anchor anchor) {
  if (anchor == 0) return;
  std::vector<std::uint32_t> path;
  for (const Frame& frame : frames_) {
    if (frame.as_key || (&frame == &frames_.back() && frame.value.is_map() && !frame.has_key)) return;
    const std::size_t children = frame.value.is_map() ? frame.value.entries.size() : frame.value.items.size();
    path.push_back(static_cast<std::uint32_t>(children));
  }
  anchors_[anchor] = std::move(path);
}

const SpecValue* YamlTree::resolve(const std::vector<std::uint32_t>& path) const {
  const SpecValue* value = frames_.empty() ? (root_ ? &*root_ : nullptr) : &frames_.front().value;
  std::size_t open = 0;  // value is frames_[open] as long as the path follows what is being read
  bool following = !frames_.empty();
  for (const std::uint32_t index : path) {
    const std::size_t children = value->is_map() ? value->entries.size() : value->items.size();
    if (index >= children) {
      if (!following || ++open >= frames_.size()) return nullptr;
      value = &frames_[open].value;
    } else {
      following = false;
      value = value->is_map() ? &value->entries[index].value : &value->items[index];
    }
  }
  return following ? nullptr : value;
}

void YamlTree::scalar(SpecValue value, Anchor anchor) {
  if (stopped_) return;
  if (expects_key()) return take_key(value);
  if (!count_node(value.span)) return;
  remember(anchor);
  attach(std::move(value));
}

void YamlTree::take_key(const SpecValue& value) {
  Frame& frame = frames_.back();
  frame.has_key = true;
  frame.key_span = value.span;
  frame.key = is_merge_key(value) ? kMergeKey : value.text;
  const auto [first, fresh] = frame.lines.emplace(frame.key, value.span.line);
  if (fresh) return;
  const std::string shown = is_merge_key(value) ? "<<" : value.text;
  error({.code = "SR1010",
         .message = fmt::format("duplicate key `{}`", shown),
         .span = value.span,
         .label = fmt::format("given first on line {}", first->second),
         .help = is_merge_key(value) ? "merge several maps with a list: `<<: [*base, *more]`"
                                     : "remove or rename one of them"});
}

void YamlTree::open(SpecValue::Kind kind, Span span, Anchor anchor, std::uint32_t indent) {
  if (stopped_) return;
  const bool as_key = expects_key();
  if (as_key) {
    error({.code = "SR1017",
           .message = "a key must be text, not a list or map",
           .span = span,
           .label = "this stands where a key is due",
           .help = "if this should be text, quote it"});
  }
  if (frames_.size() >= kMaxSpecDepth) {
    error({.code = "SR1018",
           .message = fmt::format("nested more than {} deep", kMaxSpecDepth),
           .span = span,
           .label = "one list or map too many",
           .help = {}});
    stopped_ = true;
    return;
  }
  if (!count_node(span)) return;
  remember(anchor);
  Frame frame;
  frame.value.kind = kind;
  frame.value.span = span;
  frame.indent = indent;
  frame.as_key = as_key;
  frames_.push_back(std::move(frame));
}

void YamlTree::close(Span end) {
  if (stopped_ || frames_.empty()) return;
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  frame.value.span.end_line = end.line;
  frame.value.span.end_column = end.column;
  if (frame.as_key) {
    Frame& outer = frames_.back();
    outer.has_key = true;
    outer.key.clear();
    outer.key_span = frame.value.span;
    return;
  }
  attach(std::move(frame.value));
}

void YamlTree::attach(SpecValue value) {
  if (frames_.empty()) {
    root_ = std::move(value);
    return;
  }
  Frame& frame = frames_.back();
  if (frame.value.is_list()) {
    frame.value.items.push_back(std::move(value));
    return;
  }
  frame.has_key = false;
  frame.value.entries.push_back({std::move(frame.key), frame.key_span, std::move(value)});
  frame.key.clear();
}

bool YamlTree::measure(const SpecValue& value, std::size_t depth, Extent& extent) const {
  extent.bytes += value.text.size() + value.places.size() * sizeof(SpecValue::Place);
  if (!value.is_scalar() && !value.is_null()) extent.depth = std::max(extent.depth, depth);
  if (budget_.nodes + ++extent.nodes > kMaxSpecNodes) return false;
  for (const SpecValue& item : value.items) {
    if (!measure(item, depth + 1, extent)) return false;
  }
  for (const SpecEntry& entry : value.entries) {
    extent.bytes += entry.key.size();
    if (!measure(entry.value, depth + 1, extent)) return false;
  }
  return budget_.expanded_bytes + extent.bytes <= kMaxExpandedBytes;
}

void YamlTree::alias(Anchor anchor, const std::string& name, Span span) {
  if (stopped_) return;
  const auto found = anchors_.find(anchor);
  const SpecValue* target = found == anchors_.end() ? nullptr : resolve(found->second);
  if (target == nullptr) {
    const bool key = found == anchors_.end();
    error(
        {.code = "SR1015",
         .message = key ? fmt::format("`*{}` names a key, not a value", name)
                        : fmt::format("`*{}` stands inside the value that it names", name),
         .span = span,
         .label = key ? "only a value can be repeated" : "this would never end",
         .help = key ? "put the anchor behind the colon" : "move the anchored part out, for example below `x-parts:`"});
    SpecValue unknown;
    unknown.kind = SpecValue::Kind::scalar;
    unknown.opaque = true;
    unknown.span = span;
    return scalar(std::move(unknown), 0);
  }
  if (expects_key()) {
    SpecValue key = *target;
    key.span = span;
    if (key.is_scalar() || key.is_null()) return take_key(key);
    open(key.kind, span, 0, 0);
    return close(span);
  }
  Extent extent;
  const bool fits = measure(*target, frames_.size() + 1, extent);
  if (!fits || extent.depth > kMaxSpecDepth) {
    error(
        {.code = fits ? "SR1018" : "SR1019",
         .message = fits ? fmt::format("nested more than {} deep", kMaxSpecDepth)
                         : fmt::format("the job has more than {} values after its aliases are expanded", kMaxSpecNodes),
         .span = span,
         .label = fmt::format("`*{}` does not fit any more", name),
         .help = "aliases and fragments count as often as they are used"});
    stopped_ = true;
    return;
  }
  budget_.nodes += extent.nodes;
  budget_.expanded_bytes += extent.bytes;
  attach(SpecValue(*target));
}

void YamlTree::merge_from(SpecValue& from, SpecValue& into, std::unordered_set<std::string>& taken) {
  for (SpecEntry& entry : from.entries) {
    if (taken.insert(entry.key).second) into.entries.push_back(std::move(entry));
  }
}

// Replaces the `<<` entries of a map, whose values are finished, by what they name; own keys win, then earlier maps.
void YamlTree::merge(SpecValue& map) {
  const bool merges =
      std::any_of(map.entries.begin(), map.entries.end(), [](const SpecEntry& e) { return e.key == kMergeKey; });
  if (!merges && errors_ == 0) return;
  std::vector<SpecEntry> sources;
  std::unordered_set<std::string> taken;
  std::vector<SpecEntry> own;
  for (SpecEntry& entry : map.entries) {
    if (entry.key == kMergeKey) {
      sources.push_back(std::move(entry));
    } else if (taken.insert(entry.key).second) {
      own.push_back(std::move(entry));
    }
  }
  map.entries = std::move(own);
  for (auto& [name, key_span, source] : sources) {
    if (source.is_map()) {
      merge_from(source, map, taken);
    } else if (source.is_list() &&
               std::all_of(source.items.begin(), source.items.end(), [](const SpecValue& v) { return v.is_map(); })) {
      for (SpecValue& item : source.items) merge_from(item, map, taken);
    } else {
      if (!source.opaque) error(merge_error(source, key_span));
      map.opaque = true;
    }
    if (source.opaque) map.opaque = true;
  }
}

// Of a key given twice the first value counts, but what both hold is looked at: sections are joined, and where maps of
// maps, such as sections, repeat a key, nobody knows which names are missing.
void YamlTree::join_twins(SpecValue& map) {
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < map.entries.size(); ++i) {
    const auto [at, fresh] = first.emplace(map.entries[i].key, i);
    if (fresh || !map.entries[i].value.is_map()) continue;
    SpecValue& into = map.entries[at->second].value;
    if (&map == &*root_ && into.is_map()) {
      std::move(map.entries[i].value.entries.begin(), map.entries[i].value.entries.end(),
                std::back_inserter(into.entries));
      map.entries[i].value.entries.clear();
    } else {
      map.opaque = &map != &*root_;
    }
  }
}

void YamlTree::finish(SpecValue& value, std::size_t depth) {
  if (errors_ != 0 && depth < 2 && value.is_map()) join_twins(value);
  for (SpecValue& item : value.items) finish(item, depth + 1);
  for (SpecEntry& entry : value.entries) finish(entry.value, depth + 1);
  if (value.is_map()) merge(value);
}

SpecValue YamlTree::take() {
  if (!root_) root_.emplace();
  finish(*root_, 0);
  SpecValue root = std::move(*root_);
  root_.reset();
  return root;
}

}  // namespace sr::specs
