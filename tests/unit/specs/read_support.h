// Reads a text for a test and keeps what came of it.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "specs/spec_reader.h"

namespace sr::specs::test {

struct Read {
  SourceMap sources;
  Diagnostics diagnostics;
  ReadBudget budget;
  std::optional<SpecValue> root;
};

inline Read read(std::string text) {
  Read out;
  out.root = read_yaml(out.sources, {"job.yaml", std::move(text)}, out.budget, out.diagnostics);
  return out;
}

// `code line:column` of each finding, in the order of the file.
inline std::string places(Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics.sorted()) {
    if (!out.empty()) out += ", ";
    out += d.code + " " + std::to_string(d.span.line) + ":" + std::to_string(d.span.column);
  }
  return out;
}

// `line:column-line:column` of a span.
inline std::string shown(const Span& span) {
  return std::to_string(span.line) + ":" + std::to_string(span.column) + "-" + std::to_string(span.end_line) + ":" +
         std::to_string(span.end_column);
}

// Follows a path of keys.
inline const SpecValue& at(const SpecValue& root, std::initializer_list<const char*> path) {
  const SpecValue* value = &root;
  for (const char* key : path) {
    INFO("key " << key);
    value = value->get(key);
    REQUIRE(value != nullptr);
  }
  return *value;
}

}  // namespace sr::specs::test
