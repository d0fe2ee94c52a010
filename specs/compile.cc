#include "specs/compile.h"

#include <algorithm>

#include "specs/bind_pass.h"
#include "specs/link.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

// Passes 2 to 5.
void run_passes(CompiledJob& job, const Registry& registry, Diagnostics& diagnostics, Unresolved* unresolved) {
  // What a fragment that could not be read would have defined is unknown.
  const bool lost = std::any_of(diagnostics.items().begin(), diagnostics.items().end(), [](const Diagnostic& d) {
    return d.severity == Severity::error && d.code.starts_with("SR105");
  });
  job.spec = parse_job(job.root, registry, diagnostics);
  job.spec.nodes_incomplete = job.spec.nodes_incomplete || lost;
  for (const SpecValue& secret : job.spec.secrets) {
    if (unresolved) unresolved->forgive_secret(secret);
    if (secret.is_scalar() && !secret.opaque) job.secrets.add(secret.text);
  }
  const LinkedJob linked = link_job(job.spec, registry, diagnostics);
  job.bound = bind_job(job.spec, linked, registry, diagnostics);
  job.plan = make_plan(*job.bound);
  check_plan(*job.bound, job.plan, diagnostics);
  job.tests = read_tests(job.spec.tests, diagnostics);
  check_tests(job.tests, *job.bound, diagnostics);
}

}  // namespace

std::unique_ptr<CompiledJob> compile(const CompileInput& input, const Registry& registry, SourceMap& sources,
                                     Diagnostics& diagnostics) {
  auto job = std::make_unique<CompiledJob>();
  const std::size_t before = diagnostics.error_count();
  Unresolved unresolved(input.dry_run);
  ReadOptions read;
  read.fs = input.fs;
  read.variables = input.variables;
  read.overrides = input.overrides;
  read.unresolved = &unresolved;
  read.secrets = &job->secrets;
  std::optional<SpecValue> root = read_spec_text(sources, {input.path, input.text}, read, diagnostics);
  if (!root) return job;
  job->root = std::move(*root);
  run_passes(*job, registry, diagnostics, &unresolved);
  unresolved.report(job->root, diagnostics);
  job->sound = diagnostics.error_count() == before;
  return job;
}

std::unique_ptr<CompiledJob> compile_tree(SpecValue root, const Registry& registry, Diagnostics& diagnostics) {
  auto job = std::make_unique<CompiledJob>();
  const std::size_t before = diagnostics.error_count();
  job->root = std::move(root);
  run_passes(*job, registry, diagnostics, nullptr);
  job->sound = diagnostics.error_count() == before;
  return job;
}

}  // namespace sr::specs
