// test: runs the tests of job files on a virtual clock and reports. Tested in tests/cli.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.h"
#include "cli/test_run.h"
#include "cli/test_update.h"
#include "cli/verbs.h"

namespace sr::cli {

namespace {

struct Line {
  std::string case_name, test_name, file;
  bool passed = true;
  std::string message;
  Span span;  // of the test
};

std::vector<TestMode> modes_of(const Options& options) {
  const unsigned workers = options.workers.value_or(1);
  if (!options.all_modes) return {{"", workers, kChunkRows, false}};
  return {{"", 1, kChunkRows, false},
          {"2 workers", 2, kChunkRows, false},
          {"chunks of 3 rows", 1, 3, false},
          {"2 workers, chunks of 3 rows", 2, 3, false},
          {"restarted after each batch", 1, kChunkRows, true}};
}

std::string xml(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
      out += c;
  }
  return out;
}

std::string junit(const std::vector<Line>& lines) {
  const auto failed = std::count_if(lines.begin(), lines.end(), [](const Line& l) { return !l.passed; });
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"streamrun\" tests=\"" +
                     std::to_string(lines.size()) + "\" failures=\"" + std::to_string(failed) + "\">\n";
  for (const Line& line : lines) {
    text += "  <testcase classname=\"" + xml(line.case_name) + "\" name=\"" + xml(line.test_name) + "\" file=\"" +
            xml(line.file) + "\"";
    text += line.passed ? "/>\n" : "><failure>" + xml(line.message) + "</failure></testcase>\n";
  }
  return text + "</testsuite>\n";
}

void show(const Line& line, const Options& options) {
  if (options.format == "json") {
    const nlohmann::ordered_json object = {
        {"case", line.case_name}, {"test", line.test_name}, {"passed", line.passed}, {"message", line.message}};
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  } else if (!line.passed && options.format == "short") {
    std::printf("%s:%u:%u: failed: %s: %s: %s\n", line.file.c_str(), line.span.line, line.span.column,
                line.case_name.c_str(), line.test_name.c_str(),
                line.message.substr(0, line.message.find('\n')).c_str());
  } else if (!line.passed && options.format == "human") {
    std::printf("FAIL %s: %s: %s\n", line.file.c_str(), line.case_name.c_str(), line.test_name.c_str());
    for (std::size_t at = 0; at < line.message.size();) {
      const std::size_t end = std::min(line.message.find('\n', at), line.message.size());
      std::printf("  %s\n", line.message.substr(at, end - at).c_str());
      at = end + 1;
    }
  }
}

// A failed test as a finding, for the formats that show findings at their places.
Diagnostic finding_of(const Line& line) {
  return {.code = "failed-test",
          .message = line.case_name + ": " + line.test_name + ": " + line.message,
          .span = line.span};
}

// The first line in which two texts differ.
std::string first_difference(const std::string& straight, const std::string& other) {
  const auto [a, b] = std::mismatch(straight.begin(), straight.end(), other.begin(), other.end());
  const auto line_at = [](const std::string& text, std::size_t at) {
    const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
  };
  return "  straight: " + line_at(straight, static_cast<std::size_t>(a - straight.begin())) +
         "\n  here:     " + line_at(other, static_cast<std::size_t>(b - other.begin())) + "\n";
}

// What came out must be that of the first mode, byte by byte and in order, also where the test expects nothing of it.
void check_same(const TestOutcome& first, const TestMode& mode, TestOutcome& outcome) {
  if (!outcome.passed) return;
  const bool rows = outcome.rows == first.rows;
  if (rows && (mode.restart_always || outcome.files == first.files)) return;
  outcome.passed = false;
  outcome.message = "what came out is not what comes out when the job runs straight through:\n" +
                    (rows ? first_difference(first.files, outcome.files) : first_difference(first.rows, outcome.rows));
}

// Runs one test in every mode; the first that fails speaks.
Line run_one(Session& session, const TestCase& each, const specs::TestSpec& test, const Options& options,
             std::vector<ActualRows>& actual) {
  Line line{each.name, test.name, "", true, "", test.span};
  std::optional<TestOutcome> first;
  for (const TestMode& mode : modes_of(options)) {
    TestOutcome outcome = run_test(session, each, test, mode);
    if (first) check_same(*first, mode, outcome);
    if (!first && outcome.passed) first = outcome;
    if (outcome.passed) continue;
    line.passed = false;
    line.message = (mode.name.empty() ? "" : "(" + mode.name + ")\n") + outcome.message;
    if (mode.name.empty()) actual = std::move(outcome.actual);
    break;
  }
  return line;
}

int finish(const std::vector<Line>& lines, const Options& options) {
  const auto failed =
      static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const Line& l) { return !l.passed; }));
  if (options.format == "junit") std::fputs(junit(lines).c_str(), stdout);
  if (options.format == "human" || options.format == "short")
    std::printf("%zu passed, %zu failed\n", lines.size() - failed, failed);
  if (!options.junit_file.empty()) {
    auto file = real_environment().fs->open(options.junit_file, OpenMode::truncate);
    const Status written = file.ok() ? (*file)->write(junit(lines)) : Status(file.error());
    if (!written.ok()) {
      std::fprintf(stderr, "streamrun: %s\n", written.error().message.c_str());
      return kUsage;
    }
  }
  return failed == 0 ? kOk : kSpecWrong;
}

}  // namespace

int test(const Options& options) {
  Options reading = options;
  reading.format = options.format == "json" || options.format == "junit" ? "human" : options.format;
  Session session(reading);
  if (const auto code = session.begin()) return *code;
  if (options.files.empty()) {
    std::fprintf(stderr, "streamrun: test what? Name job files, test files or folders\n");
    return kUsage;
  }
  const auto files = session.expand(options.files);
  if (!files) return kUsage;
  std::vector<Line> lines;
  for (const std::string& path : *files) {
    std::vector<std::unique_ptr<TestCase>> cases;
    if (!read_test_cases(session, path, cases)) return kUsage;
    std::vector<ActualRows> updates;
    for (const auto& each : cases) {
      for (const specs::TestSpec& test : each->tests.tests) {
        if (!options.filter.empty() && (each->name + ": " + test.name).find(options.filter) == std::string::npos)
          continue;
        std::vector<ActualRows> actual;
        lines.push_back(run_one(session, *each, test, options, actual));
        lines.back().file = path;
        updates.insert(updates.end(), actual.begin(), actual.end());
        show(lines.back(), options);
        if (!lines.back().passed && (options.format == "github" || options.format == "sarif"))
          session.diagnostics().add(finding_of(lines.back()));
      }
      if (each->tests.tests.empty() && cases.size() == 1) {
        for (const Diagnostic& finding : each->findings.items()) session.diagnostics().add(finding);
      }
    }
    if (options.update && !updates.empty() && !update_expectations(session.sources(), path, updates)) return kUsage;
  }
  if (lines.empty() && !options.filter.empty()) {
    std::fprintf(stderr, "streamrun: no test is called anything with `%s`\n", options.filter.c_str());
    return kUsage;
  }
  const int code = session.report();
  return code != kOk ? code : finish(lines, options);
}

}  // namespace sr::cli
