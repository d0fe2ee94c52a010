// SARIF 2.1.0, for code scanning: one run whose rules are the codes that occur.
// Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
#include <map>
#include <nlohmann/json.hpp>

#include "specs/codes.h"
#include "specs/report.h"

namespace sr::specs {

namespace {

using Json = nlohmann::ordered_json;

Json rules_of(const std::map<std::string, std::size_t>& codes) {
  Json rules = Json::array();
  for (const auto& [code, index] : codes) {
    const CodeInfo* info = find_code(code);
    Json rule;
    rule["id"] = code;
    rule["shortDescription"]["text"] = info ? info->title : code;
    rules.push_back(std::move(rule));
  }
  return rules;
}

Json location_of(const SourceMap& sources, const Diagnostic& finding) {
  Json location;
  Json& physical = location["physicalLocation"];
  physical["artifactLocation"]["uri"] = printable(finding_path(sources, finding));
  physical["region"] = {{"startLine", finding.span.line},
                        {"startColumn", finding.span.column},
                        {"endLine", finding.span.end_line},
                        {"endColumn", finding.span.end_column}};
  return location;
}

}  // namespace

std::string render_sarif(const SourceMap& sources, const Findings& findings, const ReportOptions& options) {
  std::map<std::string, std::size_t> codes;
  for (const Diagnostic& finding : findings) codes.emplace(finding.code, 0);
  std::size_t next = 0;
  for (auto& [code, index] : codes) index = next++;

  Json results = Json::array();
  for (const Diagnostic& finding : findings) {
    Json result;
    result["ruleId"] = finding.code;
    result["ruleIndex"] = codes[finding.code];
    result["level"] = severity_name(finding.severity);
    std::string text = one_line(finding);
    if (!finding.help.empty()) text += "\nhelp: " + printable(finding.help);
    result["message"]["text"] = std::move(text);
    if (finding.span.known()) result["locations"] = Json::array({location_of(sources, finding)});
    results.push_back(std::move(result));
  }
  Json driver;
  driver["name"] = "streamrun";
  if (!options.version.empty()) driver["version"] = options.version;
  driver["rules"] = rules_of(codes);
  Json run;
  run["tool"]["driver"] = std::move(driver);
  run["columnKind"] = "unicodeCodePoints";
  run["results"] = std::move(results);
  Json log;
  log["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  log["version"] = "2.1.0";
  log["runs"] = Json::array({std::move(run)});
  return log.dump(2) + "\n";
}

}  // namespace sr::specs
