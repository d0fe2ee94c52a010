// Reads YAML text into a SpecValue tree through yaml-cpp, closing what that parser lets through: duplicate keys, tags,
// directives, tabs, a second document, unclosed quotes, merges, alias bombs. Entry point: read_yaml. The only place
// that includes yaml-cpp. Knows nothing of variables, fragments or the job. Tested in
// tests/unit/specs/yaml_reader_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "specs/value.h"
#include "specs/yaml_tree.h"

namespace sr::specs {

// A file's name as the user wrote it, and its bytes (at most kMaxSpecBytes + 1 of them).
struct SourceText {
  std::string path;
  std::string text;
};

// Reads one document; adds the text to `sources`. Gives nothing if what was meant cannot be told; all findings but for
// one syntax error at most are reported in one go. A tree comes with findings too where they leave it whole: of a key
// given twice the first value counts, and what an unknown alias or a wrong `<<` should have given is `opaque`, as is
// the map that should have held it. Time and memory are linear in the text, within the limits of specs/limits.h.
std::optional<SpecValue> read_yaml(SourceMap& sources, SourceText source, ReadBudget& budget, Diagnostics& diagnostics);

// Tells whether a tree is whole after an error with this code of read_yaml.
bool leaves_tree(std::string_view code);

// As above, for text that `file` of a SourceMap holds already.
std::optional<SpecValue> read_yaml_of(std::uint32_t file, std::string_view raw, ReadBudget& budget,
                                      Diagnostics& diagnostics);

}  // namespace sr::specs
