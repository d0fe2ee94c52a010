// explain, graph, render: the plan as text, data or a drawing; what a diagnostic code means; the file as it is read.
// Tested in tests/cli.
#include <cstdio>

#include "cli/error_pages.h"
#include "cli/exit_codes.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "specs/render.h"

namespace sr::cli {

namespace {

bool is_code(const std::string& word) {
  return word.size() == 6 && word.starts_with("SR") && word.find_first_not_of("0123456789", 2) == std::string::npos;
}

// Compiles the one job of a verb and shows what is wrong; gives the exit code where there is nothing to go on with.
std::unique_ptr<specs::CompiledJob> compiled(Session& session, const Options& options, int* code) {
  *code = kUsage;
  if (options.files.size() != 1) {
    std::fprintf(stderr, "streamrun: name one job file\n");
    return nullptr;
  }
  auto job = session.compile(options.files[0], true);
  if (!job) return nullptr;
  *code = session.report(&job->secrets);
  return *code == kOk ? std::move(job) : nullptr;
}

int print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

int explain(const Options& options) {
  if (options.files.size() == 1 && is_code(options.files[0])) {
    const std::string page = error_page(options.files[0]);
    if (!page.empty()) return print(page);
    std::fprintf(stderr, "streamrun: no diagnostic has the code %s; `streamrun list codes` shows all\n",
                 options.files[0].c_str());
    return kUsage;
  }
  Options reading = options;
  if (options.format == "json") reading.format = "human";
  Session session(reading);
  if (const auto code = session.begin()) return *code;
  int code = kOk;
  const auto job = compiled(session, reading, &code);
  if (!job) return code;
  return print(
      job->secrets.redact(options.format == "json" ? specs::plan_json(job->plan) : specs::plan_text(job->plan)));
}

int graph(const Options& options) {
  const bool dot = options.format == "dot";
  if (!dot && options.format != "mermaid" && options.format != "human") {
    std::fprintf(stderr, "streamrun: `graph` draws as mermaid or dot, not as %s\n", options.format.c_str());
    return kUsage;
  }
  Options reading = options;
  reading.format = "human";
  Session session(reading);
  if (const auto code = session.begin()) return *code;
  int code = kOk;
  const auto job = compiled(session, reading, &code);
  if (!job) return code;
  return print(dot ? specs::plan_dot(job->plan) : specs::plan_mermaid(job->plan));
}

int render(const Options& options) {
  Session session(options);
  if (const auto code = session.begin()) return *code;
  int code = kOk;
  const auto job = compiled(session, options, &code);
  if (!job) return code;
  specs::SpecValue root = job->root;
  specs::make_readable(root, job->secrets);
  return print(job->secrets.redact(specs::render_yaml(root)));
}

}  // namespace sr::cli
