#include "specs/report.h"

#include <fmt/format.h>

#include "specs/yaml_text.h"

namespace sr::specs {

std::optional<ReportFormat> parse_report_format(std::string_view name) {
  if (name == "human") return ReportFormat::human;
  if (name == "short") return ReportFormat::brief;
  if (name == "json") return ReportFormat::json;
  if (name == "sarif") return ReportFormat::sarif;
  if (name == "github") return ReportFormat::github;
  if (name == "junit") return ReportFormat::junit;
  return std::nullopt;
}

const char* severity_name(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      break;
  }
  return "note";
}

std::string_view finding_path(const SourceMap& sources, const Diagnostic& finding) {
  if (!finding.span.known() || finding.span.file >= sources.size()) return {};
  return sources.file(finding.span.file).path;
}

std::string one_line(const Diagnostic& finding) {
  return printable(finding.label.empty() ? finding.message : fmt::format("{} ({})", finding.message, finding.label));
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const auto c = static_cast<unsigned char>(text[at]);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '\n') {
      out += ' ';
    } else if (c < 0x20 || c == 0x7F) {
      out += c == '\t' ? std::string(1, ' ') : fmt::format("\\x{:02x}", c);
    } else if (c == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at + 1]));
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string render_report(const SourceMap& sources, Diagnostics& diagnostics, const ReportOptions& given) {
  Findings findings = diagnostics.sorted();
  ReportOptions options = given;
  options.omitted = diagnostics.omitted();
  for (Diagnostic& finding : findings) {
    if (options.secrets != nullptr) finding = options.secrets->redact(std::move(finding));
    const bool shown = (finding.label + finding.help).find('`' + finding.suggestion + '`') != std::string::npos;
    if (finding.suggestion.empty() || shown) continue;
    const std::string question = fmt::format("did you mean `{}`?", finding.suggestion);
    finding.label = finding.label.empty() ? question : fmt::format("{}; {}", finding.label, question);
  }
  const bool counted = options.format == ReportFormat::human || options.format == ReportFormat::brief;
  if (diagnostics.omitted() > 0 && !counted) {
    findings.push_back({.severity = Severity::note,
                        .code = {},
                        .message = fmt::format("{} more findings are not shown", diagnostics.omitted()),
                        .span = {}});
  }
  switch (options.format) {
    case ReportFormat::human:
      return render_human(sources, findings, options);
    case ReportFormat::brief:
      return render_short(sources, findings, options);
    case ReportFormat::json:
      return render_json(sources, findings, options);
    case ReportFormat::sarif:
      return render_sarif(sources, findings, options);
    case ReportFormat::github:
      return render_github(sources, findings, options);
    case ReportFormat::junit:
      break;
  }
  return render_junit(sources, findings, options);
}

}  // namespace sr::specs
