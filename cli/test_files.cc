#include "cli/test_files.h"

#include <algorithm>
#include <cstdio>

#include "specs/yaml_reader.h"

namespace sr::cli {

namespace {

bool has_top_level_key(const std::string& text, std::string_view key) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.compare(at, key.size(), key) == 0) return true;
    at = text.find('\n', at);
    if (at == std::string::npos) return false;
    ++at;
  }
  return false;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

void wrong_form(Session& session, Span span, const std::string& message) {
  session.diagnostics().add(
      {.code = "SR6001",
       .message = message,
       .span = span,
       .help = "a test file holds `job: ./job.yaml` and `tests: […]`, or `cases: [{name, job, tests}]`"});
}

void add_case(Session& session, const specs::SpecValue& item, std::vector<std::unique_ptr<TestCase>>& cases) {
  const specs::SpecValue* job = item.get("job");
  const specs::SpecValue* name = item.get("name");
  if (!item.is_map() || !job || !job->is_map() || !name || !name->is_scalar())
    return wrong_form(session, item.span, "a case needs a `name` and a `job`");
  auto made = std::make_unique<TestCase>();
  made->name = name->text;
  made->job = specs::compile_tree(*job, session.registry(), made->findings);
  if (const specs::SpecValue* tests = item.get("tests")) {
    made->tests = specs::read_tests(*tests, session.diagnostics());
    if (made->job->bound) specs::check_tests(made->tests, *made->job->bound, made->findings);
  } else {
    made->tests = made->job->tests;
  }
  cases.push_back(std::move(made));
}

bool add_referenced(Session& session, const std::string& path, const specs::SpecValue& root,
                    std::vector<std::unique_ptr<TestCase>>& cases) {
  const specs::SpecValue* job = root.get("job");
  const specs::SpecValue* tests = root.get("tests");
  if (!job->is_scalar() || !tests) {
    wrong_form(session, job->span, "`job` must be the path of a job file, and `tests` its tests");
    return true;
  }
  const std::string file = job->text.starts_with("/") ? job->text : folder_of(path) + job->text;
  auto text = load(file);
  if (!text.ok()) {
    std::fprintf(stderr, "streamrun: %s\n", text.error().message.c_str());
    return false;
  }
  auto made = std::make_unique<TestCase>();
  specs::CompileInput input;
  input.path = file;
  input.text = std::move(*text);
  input.variables = &session.variables();
  input.fs = real_environment().fs;
  made->job = specs::compile(input, session.registry(), session.sources(), made->findings);
  made->name = made->job->spec.name;
  made->tests = specs::read_tests(*tests, session.diagnostics());
  if (made->job->bound) specs::check_tests(made->tests, *made->job->bound, made->findings);
  cases.push_back(std::move(made));
  return true;
}

}  // namespace

bool is_test_file(const std::string& path) {
  if (path == "-") return false;
  const auto text = load(path);
  return text.ok() && !has_top_level_key(*text, "version:") &&
         (has_top_level_key(*text, "cases:") || has_top_level_key(*text, "job:"));
}

bool read_test_cases(Session& session, const std::string& path, std::vector<std::unique_ptr<TestCase>>& cases) {
  auto text = load(path);
  if (!text.ok()) {
    std::fprintf(stderr, "streamrun: %s\n", text.error().message.c_str());
    return false;
  }
  if (!is_test_file(path)) {
    auto made = std::make_unique<TestCase>();
    specs::CompileInput input;
    input.path = path;
    input.text = std::move(*text);
    input.variables = &session.variables();
    input.fs = real_environment().fs;
    made->job = specs::compile(input, session.registry(), session.sources(), made->findings);
    made->name = made->job->spec.name;
    made->tests = made->job->tests;
    cases.push_back(std::move(made));
    return true;
  }
  specs::ReadBudget budget;
  const auto root = specs::read_yaml(session.sources(), {path, std::move(*text)}, budget, session.diagnostics());
  if (!root) return true;
  if (const specs::SpecValue* list = root->get("cases")) {
    if (!list->is_list()) wrong_form(session, list->span, "`cases` must be a list");
    for (const specs::SpecValue& item : list->items) add_case(session, item, cases);
    return true;
  }
  return add_referenced(session, path, *root, cases);
}

bool check_test_file(Session& session, const std::string& path) {
  std::vector<std::unique_ptr<TestCase>> cases;
  if (!read_test_cases(session, path, cases)) return false;
  for (const auto& each : cases) {
    const bool expected = std::any_of(each->tests.tests.begin(), each->tests.tests.end(),
                                      [](const specs::TestSpec& t) { return t.expect_error.has_value(); });
    if (expected) continue;
    for (const Diagnostic& finding : each->findings.items()) session.diagnostics().add(finding);
  }
  return true;
}

}  // namespace sr::cli
