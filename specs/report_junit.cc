// JUnit XML: a failed test case for each error, a passed one for each file without errors; warnings are its output.
#include <fmt/format.h>

#include <set>

#include "specs/report.h"

namespace sr::specs {

namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string place(const SourceMap& sources, const Diagnostic& finding) {
  const std::string_view path = finding_path(sources, finding);
  return path.empty() ? "job" : fmt::format("{}:{}:{}", path, finding.span.line, finding.span.column);
}

}  // namespace

std::string render_junit(const SourceMap& sources, const Findings& findings, const ReportOptions&) {
  std::string cases, warnings;
  std::set<std::string, std::less<>> failed;
  std::size_t failures = 0, tests = 0;
  for (const Diagnostic& finding : findings) {
    const std::string at = place(sources, finding);
    if (finding.severity != Severity::error) {
      warnings +=
          escape(fmt::format("{}: {}[{}]: {}", at, severity_name(finding.severity), finding.code, one_line(finding))) +
          "\n";
      continue;
    }
    failed.emplace(finding_path(sources, finding));
    cases += fmt::format("    <testcase classname=\"streamrun\" name=\"{}\">\n", escape(at + " " + finding.code));
    cases += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n", finding.code,
                         escape(one_line(finding)), escape(finding.help));
    ++failures;
    ++tests;
  }
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    if (failed.contains(sources.file(i).path)) continue;
    cases += fmt::format("    <testcase classname=\"streamrun\" name=\"{}\"/>\n", escape(sources.file(i).path));
    ++tests;
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  out += fmt::format("  <testsuite name=\"streamrun\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n{}", tests, failures,
                     cases);
  if (!warnings.empty()) out += fmt::format("    <system-out>{}</system-out>\n", warnings);
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace sr::specs
