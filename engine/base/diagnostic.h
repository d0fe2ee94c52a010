// Spans, diagnostics and the files they point into: how the job's author learns what is wrong, where, and how to mend
// it. Entry points: Diagnostics::add, SourceMap::add. Rendering (human, json, sarif, …) lives in specs/report. Tested
// in tests/unit/base.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sr {

// A half-open range of text in one file. Lines and columns count from 1; columns count code points; line 0 means "no
// place".
struct Span {
  std::uint32_t file = 0;  // index into the SourceMap
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t end_line = 0;
  std::uint32_t end_column = 0;

  bool known() const { return line != 0; }
  bool operator==(const Span&) const = default;
};

enum class Severity : std::uint8_t { error, warning, note };

// One finding. `label` stands behind the carets, `help` below; `suggestion` is the bare word to write instead, when
// there is one.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  // SRnnnn, listed in specs/codes.h
  std::string message;
  Span span;
  std::string label = {};
  std::string help = {};
  std::string suggestion = {};
};

// Collects findings of all passes; not thread-safe.
class Diagnostics {
 public:
  // Adds a finding in constant time. One with the same code, span and message as an earlier one is dropped; beyond
  // kMaxFindings errors, or as many warnings and notes, one is only counted, so that a hostile file costs no memory.
  void add(Diagnostic diagnostic);
  bool has_errors() const { return errors_ != 0; }
  std::size_t error_count() const { return errors_; }
  // Sorts by file and line, keeping arrival order within a line, and gives the findings.
  const std::vector<Diagnostic>& sorted();
  const std::vector<Diagnostic>& items() const { return items_; }
  // Gives how many findings were counted but not kept.
  std::size_t omitted() const { return omitted_; }

  static constexpr std::size_t kMaxFindings = 1000;

 private:
  std::vector<Diagnostic> items_;
  std::unordered_set<std::string> seen_;
  std::size_t errors_ = 0;
  std::size_t others_ = 0;
  std::size_t omitted_ = 0;
};

// Keeps the text of every file that was read, for spans and excerpts.
class SourceMap {
 public:
  struct File {
    std::string path;  // as the user wrote it
    std::string text;
  };
  // Adds a file and gives its index.
  std::uint32_t add(std::string path, std::string text);
  const File& file(std::uint32_t index) const { return files_[index]; }
  std::size_t size() const { return files_.size(); }
  // Gives line `line` (from 1) without its line break; empty beyond the end.
  std::string_view line_text(std::uint32_t file, std::uint32_t line) const;

 private:
  std::vector<File> files_;
};

// Gives the candidate nearest to `word` by Damerau-Levenshtein distance, if it is near enough to be a typo; else "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sr
