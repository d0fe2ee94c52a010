// Shows findings to people and machines, one format a file (report_human.cc, report_json.cc, …).
// Entry points: render_report, parse_report_format. Knows nothing of how findings arise. Tested in
// tests/unit/specs/report_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "specs/secrets.h"

namespace sr::specs {

enum class ReportFormat : std::uint8_t { human, brief, json, sarif, github, junit };

// Reads `human short json sarif github junit`.
std::optional<ReportFormat> parse_report_format(std::string_view name);

inline constexpr std::size_t kMaxShownFindings = 50;

struct ReportOptions {
  ReportFormat format = ReportFormat::human;
  bool colour = false;               // human only
  const Secrets* secrets = nullptr;  // replaced by `***` everywhere
  std::string version = {};          // of the program, for sarif
  std::size_t omitted = 0;           // set by render_report: findings that were only counted
};

// Gives the text of all findings, by file and line, with a line break at its end; empty for no findings in human,
// short, json and github. The formats for people (human, short) show kMaxShownFindings, then a count; the others show
// all.
std::string render_report(const SourceMap& sources, Diagnostics& diagnostics, const ReportOptions& options);

// One renderer a format, over findings that are sorted and redacted.
using Findings = std::vector<Diagnostic>;
std::string render_human(const SourceMap& sources, const Findings& findings, const ReportOptions& options);
std::string render_short(const SourceMap& sources, const Findings& findings, const ReportOptions& options);
std::string render_json(const SourceMap& sources, const Findings& findings, const ReportOptions& options);
std::string render_sarif(const SourceMap& sources, const Findings& findings, const ReportOptions& options);
std::string render_github(const SourceMap& sources, const Findings& findings, const ReportOptions& options);
std::string render_junit(const SourceMap& sources, const Findings& findings, const ReportOptions& options);

// `error`, `warning` or `note`.
const char* severity_name(Severity severity);
// Gives the path of a finding's file, or "" if it has no place.
std::string_view finding_path(const SourceMap& sources, const Diagnostic& finding);
// Gives message and label on one line, the label in brackets.
std::string one_line(const Diagnostic& finding);
// Gives text that is safe to show: ill-formed UTF-8 becomes U+FFFD, control characters an escape, line breaks a space.
std::string printable(std::string_view text);

}  // namespace sr::specs
