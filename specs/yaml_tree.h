// Builds the SpecValue tree from the events of a YAML parser: aliases, `<<` merges, duplicate keys, depth and budget.
// Entry point: YamlTree. Knows nothing of yaml-cpp; specs/yaml_reader feeds it. Tested in tests/unit/specs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "specs/value.h"

namespace sr::specs {

// What all files of one job have used up of the limits in specs/limits.h.
struct ReadBudget {
  std::size_t nodes = 0;
  std::size_t expanded_bytes = 0;
};

// Takes the nodes of one document in order. Findings go to the diagnostics; after stopped() nothing more is taken.
class YamlTree {
 public:
  using Anchor = std::size_t;  // 0: none

  YamlTree(ReadBudget& budget, Diagnostics& diagnostics) : budget_(budget), diagnostics_(diagnostics) {}

  // Adds a scalar or an empty value; as a key its span is the key's. `plain_merge` marks an unquoted `<<`.
  void scalar(SpecValue value, Anchor anchor);
  // Opens a list or map. `indent` is the column (from 1) of a block collection's entries, 0 in brackets.
  void open(SpecValue::Kind kind, Span span, Anchor anchor, std::uint32_t indent);
  // Closes the innermost collection; `end` is the place after its last byte.
  void close(Span end);
  // Adds a copy of what an anchor names; `name` and `span` are the alias's own.
  void alias(Anchor anchor, const std::string& name, Span span);
  // Adds an error; beyond kMaxReadErrors it only stops.
  void error(Diagnostic diagnostic);

  // Takes nothing more: what follows would be noise.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  bool in_map() const { return !frames_.empty() && frames_.back().value.is_map(); }
  bool in_list() const { return !frames_.empty() && frames_.back().value.is_list(); }
  bool expects_key() const { return in_map() && !frames_.back().has_key; }
  bool in_block() const { return !frames_.empty() && frames_.back().indent != 0; }
  std::uint32_t indent() const { return frames_.empty() ? 0 : frames_.back().indent; }
  const std::string& key() const { return frames_.back().key; }
  Span key_span() const { return frames_.back().key_span; }

  // Gives the tree with merges done and later duplicates removed.
  SpecValue take();

 private:
  struct Frame {
    SpecValue value;
    std::uint32_t indent = 0;
    bool has_key = false;
    bool as_key = false;  // a collection where a key is due: read and dropped
    std::string key;
    Span key_span;
    std::unordered_map<std::string, std::uint32_t> lines;  // of the keys so far
  };
  struct Extent {
    std::size_t nodes = 0, bytes = 0, depth = 0;
  };

  void attach(SpecValue value);
  void take_key(const SpecValue& value);
  bool count_node(Span span);
  void remember(Anchor anchor);
  const SpecValue* resolve(const std::vector<std::uint32_t>& path) const;
  bool measure(const SpecValue& value, std::size_t depth, Extent& extent) const;
  void finish(SpecValue& value, std::size_t depth);
  void join_twins(SpecValue& map);
  void merge(SpecValue& map);
  static void merge_from(SpecValue& from, SpecValue& into, std::unordered_set<std::string>& taken);

  ReadBudget& budget_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  std::optional<SpecValue> root_;
  std::unordered_map<Anchor, std::vector<std::uint32_t>> anchors_;  // child indices from the root
  std::size_t errors_ = 0;
  bool stopped_ = false;
};

}  // namespace sr::specs
