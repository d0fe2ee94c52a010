// How findings are shown, in each format.
#include <nlohmann/json.hpp>

#include "read_support.h"
#include "specs/report.h"

using namespace sr;
using namespace sr::specs;

namespace {

struct Shown {
  SourceMap sources;
  Diagnostics diagnostics;

  explicit Shown(const std::string& text) { sources.add("jobs/top.yaml", text); }
  void add(Span span, std::string message, std::string help = {}, std::string suggestion = {}) {
    Diagnostic d;
    d.code = "SR2003";
    d.message = std::move(message);
    d.span = span;
    d.help = std::move(help);
    d.suggestion = std::move(suggestion);
    diagnostics.add(std::move(d));
  }
  std::string as(ReportFormat format, const Secrets* secrets = nullptr) {
    ReportOptions options;
    options.format = format;
    options.secrets = secrets;
    return render_report(sources, diagnostics, options);
  }
};

std::string lines(int n) {
  return std::string(static_cast<std::size_t>(n), '\n');
}

}  // namespace

TEST_CASE("the human format names, shows and helps") {
  Shown shown(lines(30) + "    window: {sise: 60s, slide: 10s}\n");
  shown.add({0, 31, 14, 31, 18}, "unknown option `sise` in window", "`window` takes size", "size");
  CHECK(shown.as(ReportFormat::human) ==
        "error[SR2003]: unknown option `sise` in window\n"
        "  --> jobs/top.yaml:31:14\n"
        "   |\n"
        "31 |     window: {sise: 60s, slide: 10s}\n"
        "   |              ^^^^ did you mean `size`?\n"
        "   = help: `window` takes size\n");
}

TEST_CASE("a span of several lines shows its first and last") {
  Shown shown("a: |\n  one\n  two\n  three\nb: 1\n");
  shown.add({0, 1, 4, 4, 8}, "too long");
  CHECK(shown.as(ReportFormat::human) ==
        "error[SR2003]: too long\n --> jobs/top.yaml:1:4\n  |\n1 | a: |\n  |    ^\n...\n4 |   three\n  |   ^^^^^\n");
}

TEST_CASE("carets stand below tabs, wide and combining characters") {
  Shown shown("a:\tb: x\n日本: x\ne\u0301: x\n");
  shown.add({0, 1, 7, 1, 8}, "one");
  shown.add({0, 2, 5, 2, 6}, "two");
  shown.add({0, 3, 5, 3, 6}, "three");
  const std::string text = shown.as(ReportFormat::human);
  CHECK(text.find("1 | a:    b: x\n  |          ^\n") != std::string::npos);
  CHECK(text.find("2 | 日本: x\n  |       ^\n") != std::string::npos);
  CHECK(text.find("3 | e\u0301: x\n  |    ^\n") != std::string::npos);
}

TEST_CASE("long lines are cut around the culprit") {
  Shown shown("a: " + std::string(300'000, 'x') + "HERE" + std::string(1000, 'y') + "\n");
  shown.add({0, 1, 300'004, 1, 300'008}, "there");
  const std::string text = shown.as(ReportFormat::human);
  CHECK(text.size() < 600);
  const std::size_t here = text.find("HERE");
  REQUIRE(here != std::string::npos);
  const std::size_t source = text.rfind('\n', here) + 1;
  const std::size_t carets = text.find("^^^^");
  REQUIRE(carets != std::string::npos);
  const std::size_t under = text.rfind('\n', carets) + 1;
  CHECK(carets - under == here - source - 2);  // the ellipsis has three bytes and one cell
}

TEST_CASE("a place beyond the line's end and an empty file have a caret") {
  Shown shown("a:\n");
  shown.add({0, 1, 3, 1, 3}, "empty");
  CHECK(shown.as(ReportFormat::human).find("1 | a:\n  |   ^\n") != std::string::npos);
  Shown empty("");
  empty.add({0, 1, 1, 1, 1}, "nothing");
  CHECK(empty.as(ReportFormat::human) == "error[SR2003]: nothing\n --> jobs/top.yaml:1:1\n  |\n1 |\n  | ^\n");
}

TEST_CASE("findings are sorted, and at most fifty shown to people") {
  Shown shown(lines(100));
  for (std::uint32_t line = 60; line > 0; --line) shown.add({0, line, 1, line, 2}, "wrong");
  const std::string text = shown.as(ReportFormat::brief);
  CHECK(text.starts_with("jobs/top.yaml:1:1: error[SR2003]: wrong\njobs/top.yaml:2:1: "));
  CHECK(text.ends_with("jobs/top.yaml:50:1: error[SR2003]: wrong\n… and 10 more\n"));
  CHECK(shown.as(ReportFormat::human).ends_with("\n… and 10 more\n"));
  const std::string json = shown.as(ReportFormat::json);
  CHECK(std::count(json.begin(), json.end(), '\n') == 60);
}

TEST_CASE("of very many findings most are only counted") {
  Shown shown("a\n");
  for (std::uint32_t column = 1; column <= 200'000; ++column) shown.add({0, 1, column, 1, column + 1}, "wrong");
  CHECK(shown.diagnostics.error_count() == 200'000);
  CHECK(shown.diagnostics.items().size() == Diagnostics::kMaxFindings);
  CHECK(shown.as(ReportFormat::brief).ends_with("\n… and 199950 more\n"));
  CHECK(shown.as(ReportFormat::json).find("199000 more findings are not shown") != std::string::npos);
}

TEST_CASE("json has one object a line") {
  Shown shown("a: x\n");
  shown.add({0, 1, 4, 1, 5}, "bad `x`", "try\nagain", "y");
  const auto line = nlohmann::json::parse(shown.as(ReportFormat::json));
  CHECK(line["severity"] == "error");
  CHECK(line["code"] == "SR2003");
  CHECK(line["message"] == "bad `x`");
  CHECK(line["file"] == "jobs/top.yaml");
  CHECK(line["line"] == 1);
  CHECK(line["column"] == 4);
  CHECK(line["end_line"] == 1);
  CHECK(line["end_column"] == 5);
  CHECK(line["help"] == "try again");
  CHECK(line["suggestion"] == "y");
}

TEST_CASE("sarif, github and junit are well formed") {
  Shown shown("a: x\n");
  shown.add({0, 1, 4, 1, 5}, "50% <bad>, \"x\"", "mend");
  const auto sarif = nlohmann::json::parse(shown.as(ReportFormat::sarif));
  CHECK(sarif["version"] == "2.1.0");
  CHECK(sarif["runs"][0]["results"][0]["ruleId"] == "SR2003");
  CHECK(sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 4);
  CHECK(
      shown.as(ReportFormat::github) ==
      "::error file=jobs/top.yaml,line=1,col=4,endLine=1,endColumn=5,title=SR2003::50%25 <bad>, \"x\"%0Ahelp: mend\n");
  const std::string junit = shown.as(ReportFormat::junit);
  CHECK(junit.find("tests=\"1\" failures=\"1\"") != std::string::npos);
  CHECK(junit.find("message=\"50% &lt;bad&gt;, &quot;x&quot;\"") != std::string::npos);
  Shown good("a: x\n");
  CHECK(good.as(ReportFormat::junit).find("tests=\"1\" failures=\"0\"") != std::string::npos);
  CHECK(good.as(ReportFormat::human).empty());
}

TEST_CASE("secrets and terminal escapes never show") {
  Shown shown("a: x, hunter22, é\n");
  shown.add({0, 1, 4, 1, 5}, "cannot use hunter22\x1b[31m", "hunter22 is no number");
  Secrets secrets;
  secrets.add("hunter22");
  secrets.add("ab");
  for (const ReportFormat format : {ReportFormat::human, ReportFormat::brief, ReportFormat::json, ReportFormat::sarif,
                                    ReportFormat::github, ReportFormat::junit}) {
    const std::string text = shown.as(format, &secrets);
    CHECK(text.find("hunter22") == std::string::npos);
    CHECK(text.find("***") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
  }
  CHECK(shown.as(ReportFormat::human, &secrets).find("1 | a: x, ********, é\n") != std::string::npos);
  CHECK(secrets.redact("ab abc (ab)") == "*** abc (***)");
}

TEST_CASE("colour only when asked for") {
  Shown shown("a: x\n");
  shown.add({0, 1, 4, 1, 5}, "bad");
  ReportOptions options;
  options.colour = true;
  CHECK(render_report(shown.sources, shown.diagnostics, options).find("\x1b[1;31merror[SR2003]\x1b[0m") == 0);
}
