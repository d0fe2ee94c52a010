// SpecValue: a YAML document as a tree that remembers where every key and value stood. Made by specs/yaml_reader.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"

namespace sr::specs {

class SpecValue;

struct SpecEntry;

// One scalar, list or map. Copies are deep; the tree is immutable after the read pass.
class SpecValue {
 public:
  enum class Kind : std::uint8_t { null, scalar, list, map };
  enum class Style : std::uint8_t { plain, quoted, block };

  Kind kind = Kind::null;
  Span span;         // the whole value; of a scalar the text with its quotes
  std::string text;  // scalar: the resolved text (after interpolation)
  Style style = Style::plain;
  bool interpolated = false;  // the text held ${…}; a quoted one may then be taken for a number
  bool opaque =
      false;  // not known now (a dry run's secret or ${file:}, or an undefined variable): any value is accepted
  std::uint32_t unresolved = 0;    // number of its findings in specs/interpolation's Unresolved; 0: none
  std::vector<SpecValue> items;    // list
  std::vector<SpecEntry> entries;  // map, in file order
  // Place of each byte of `text` in the file: sorted (offset in text, line, column); between two entries the column
  // grows by code points. Empty: the text is not in the file as such (an interpolation's value), use `span`.
  struct Place {
    std::uint32_t offset = 0, line = 0, column = 0;
  };
  std::vector<Place> places;

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  // Gives the entry of a map, or nullptr.
  const SpecEntry* find(std::string_view key) const;
  const SpecValue* get(std::string_view key) const;
  // Maps the bytes [begin, end) of `text` to their place in the file.
  Span locate(std::size_t begin, std::size_t end) const;
};

struct SpecEntry {
  std::string key;
  Span key_span;
  SpecValue value;
};

}  // namespace sr::specs
