// One JSON object a line: severity, code, message, file, line, column, end_line, end_column, help; label and suggestion
// if there is one. A finding without a place has null for file to end_column.
#include <nlohmann/json.hpp>

#include "specs/report.h"

namespace sr::specs {

std::string render_json(const SourceMap& sources, const Findings& findings, const ReportOptions&) {
  std::string out;
  for (const Diagnostic& finding : findings) {
    const bool placed = finding.span.known();
    const auto number = [&](std::uint32_t n) {
      return placed ? nlohmann::ordered_json(n) : nlohmann::ordered_json(nullptr);
    };
    nlohmann::ordered_json line;
    line["severity"] = severity_name(finding.severity);
    line["code"] = finding.code;
    line["message"] = printable(finding.message);
    line["file"] =
        placed ? nlohmann::ordered_json(printable(finding_path(sources, finding))) : nlohmann::ordered_json(nullptr);
    line["line"] = number(finding.span.line);
    line["column"] = number(finding.span.column);
    line["end_line"] = number(finding.span.end_line);
    line["end_column"] = number(finding.span.end_column);
    line["help"] = printable(finding.help);
    if (!finding.label.empty()) line["label"] = printable(finding.label);
    if (!finding.suggestion.empty()) line["suggestion"] = printable(finding.suggestion);
    out += line.dump() + "\n";
  }
  return out;
}

}  // namespace sr::specs
