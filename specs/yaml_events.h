// Turns the events of a YAML parser into tree nodes with exact spans: the parser gives where a node begins (for an
// empty one only roughly), the text gives the rest. Entry point: YamlEvents. Knows nothing of yaml-cpp. Tested in
// tests/unit/specs.
#pragma once

#include <string>
#include <vector>

#include "specs/yaml_text.h"
#include "specs/yaml_tree.h"

namespace sr::specs {

// Follows one document; every `at` is the byte where the parser saw the node begin, its anchor or tag included.
class YamlEvents {
 public:
  YamlEvents(const TextIndex& index, YamlTree& tree) : index_(index), tree_(tree) {}

  void document(std::size_t at);
  void null(std::size_t at, YamlTree::Anchor anchor);
  void scalar(std::size_t at, bool tagged, YamlTree::Anchor anchor, std::string text);
  void alias(std::size_t at, YamlTree::Anchor anchor);
  // An alias of an anchor that is not there: its value is not known.
  void lost_alias(std::size_t at);
  // A list or map as the parser saw it begin; `flow`: in brackets.
  struct Collection {
    SpecValue::Kind kind = SpecValue::Kind::map;
    bool tagged = false;
    bool flow = false;
    YamlTree::Anchor anchor = 0;
  };
  void open(std::size_t at, const Collection& collection);
  void close();

  // Holds the byte ranges of quoted and block scalars, in file order: tabs in them are text.
  struct Range {
    std::size_t begin = 0, end = 0;
  };
  const std::vector<Range>& text_ranges() const { return text_ranges_; }
  // Tells that a second document began; nothing after it is taken.
  bool past_end() const { return past_end_; }

 private:
  bool done() const { return past_end_ || tree_.stopped(); }
  std::size_t skip_properties(std::size_t at);
  std::size_t alias_end(std::size_t at) const;
  std::size_t null_word(std::size_t at, std::size_t after_indicator) const;
  void missing_colon();
  void missing_value(std::size_t at);
  void check_flow_key();

  struct Open {
    std::size_t begin = 0;
    bool flow = false;
  };
  const TextIndex& index_;
  YamlTree& tree_;
  std::size_t cursor_ = 0;  // the byte after the last node or bracket
  std::vector<Open> open_;
  std::vector<Range> text_ranges_;
  bool seen_document_ = false;
  bool past_end_ = false;
};

}  // namespace sr::specs
