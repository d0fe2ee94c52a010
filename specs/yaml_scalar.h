// Scalars as they stand in the file: where each ends, and which byte of the file each byte of the text came from.
// Entry point: locate_scalar. Knows nothing of yaml-cpp or of the tree. Tested in tests/unit/specs.
#pragma once

#include <string>
#include <vector>

#include "specs/value.h"
#include "specs/yaml_text.h"

namespace sr::specs {

struct LocatedScalar {
  std::string text;
  SpecValue::Style style = SpecValue::Style::plain;
  std::vector<SpecValue::Place> places;  // as SpecValue::places
  std::size_t end = 0;                   // the byte after the scalar, its closing quote included
  bool closed = true;                    // false: the file ends inside the quotes
};

// Locates the scalar that begins at byte `start`. `parsed` is its text by the parser; a quoted scalar is decoded here
// instead. Takes time linear in the scalar's length.
LocatedScalar locate_scalar(const TextIndex& index, std::size_t start, std::string parsed);

}  // namespace sr::specs
