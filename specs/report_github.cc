// Workflow commands of GitHub Actions: `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=SRnnnn::message`.
// Source: docs.github.com, "Workflow commands for GitHub Actions", setting an error message.
#include <fmt/format.h>

#include "specs/report.h"

namespace sr::specs {

namespace {

std::string escape(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

}  // namespace

std::string render_github(const SourceMap& sources, const Findings& findings, const ReportOptions&) {
  std::string out;
  for (const Diagnostic& finding : findings) {
    const char* command = finding.severity == Severity::note ? "notice" : severity_name(finding.severity);
    out += fmt::format("::{} ", command);
    const std::string_view path = finding_path(sources, finding);
    const Span& at = finding.span;
    if (!path.empty()) {
      out += fmt::format("file={},line={},col={},endLine={},endColumn={},", escape(printable(path), true), at.line,
                         at.column, at.end_line, at.end_column);
    }
    std::string message = one_line(finding);
    if (!finding.help.empty()) message += "\nhelp: " + printable(finding.help);
    out += fmt::format("title={}::{}\n", finding.code, escape(message, false));
  }
  return out;
}

}  // namespace sr::specs
