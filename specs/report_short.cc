// `file:line:column: error[SRnnnn]: message`, one finding a line: for editors and grep.
#include <fmt/format.h>

#include <algorithm>

#include "specs/report.h"

namespace sr::specs {

std::string render_short(const SourceMap& sources, const Findings& findings, const ReportOptions& options) {
  std::string out;
  for (std::size_t i = 0; i < std::min(findings.size(), kMaxShownFindings); ++i) {
    const Diagnostic& finding = findings[i];
    const std::string_view path = finding_path(sources, finding);
    if (!path.empty()) out += fmt::format("{}:{}:{}: ", printable(path), finding.span.line, finding.span.column);
    out += fmt::format("{}[{}]: {}\n", severity_name(finding.severity), finding.code, one_line(finding));
  }
  const std::size_t shown = std::min(findings.size(), kMaxShownFindings);
  const std::size_t more = findings.size() - shown + options.omitted;
  if (more > 0) out += fmt::format("… and {} more\n", more);
  return out;
}

}  // namespace sr::specs
