// validate, and --dry-run of run: checks job files and prints the plan. Nothing is opened but the files themselves;
// --check-env looks at the world too. Tested in tests/cli and tests/diagnostics.
#include <cstdio>

#include "cli/durable.h"
#include "cli/exit_codes.h"
#include "cli/session.h"
#include "cli/test_files.h"
#include "cli/verbs.h"
#include "engine/durability/store.h"
#include "specs/instantiate.h"

namespace sr::cli {

namespace {

// Whether the state in the job's checkpoint folder fits the job; gives the number of problems.
int probe_checkpoint(Session& session, const specs::CompiledJob& job) {
  const auto checkpoint = checkpoint_options(session, job);
  if (!checkpoint || !real_environment().fs->stat(checkpoint->dir).ok()) return 0;
  durability::StoreOptions store;
  store.env = &real_environment();
  store.dir = checkpoint->dir;
  store.job = job.spec.name;
  const auto found = durability::Store::read(store);
  if (!found.ok()) {
    std::fprintf(stderr, "environment: checkpoint: %s\n", found.error().message.c_str());
    return 1;
  }
  if (!found->snapshot || checkpoint->on_incompatible != runtime::OnIncompatible::fail) return 0;
  int problems = 0;
  const flow::Graph graph = specs::instantiate(*job.bound, session.registry());
  for (const runtime::StateMatch& match : runtime::compare_state(graph, *found->snapshot)) {
    if (match.kind != runtime::StateMatch::Kind::different) continue;
    std::fprintf(stderr, "environment: the state of `%s` does not fit: %s\n", match.node.c_str(),
                 match.difference.c_str());
    ++problems;
  }
  return problems;
}

// Asks every node what it will need of the world; gives the number of problems.
int probe(Session& session, const specs::CompiledJob& job) {
  int problems = job.sound ? probe_checkpoint(session, job) : 0;
  for (const specs::BoundEntry& node : job.bound->nodes) {
    if (!node.bound || !node.bound->probe) continue;
    for (const std::string& problem : node.bound->probe(real_environment())) {
      std::fprintf(stderr, "environment: `%s`: %s\n", node.id.c_str(), problem.c_str());
      ++problems;
    }
  }
  return problems;
}

}  // namespace

int validate(const Options& options) {
  Session session(options);
  if (const auto code = session.begin()) return *code;
  if (options.files.empty()) {
    std::fprintf(stderr, "streamrun: validate what? Name job files, folders or `-`\n");
    return kUsage;
  }
  const auto files = session.expand(options.files);
  if (!files) return kUsage;
  specs::Secrets secrets;
  std::vector<std::unique_ptr<specs::CompiledJob>> jobs;
  for (const std::string& path : *files) {
    if (is_test_file(path)) {
      if (!check_test_file(session, path)) return kUsage;
      continue;
    }
    jobs.push_back(session.compile(path, true));
    if (!jobs.back()) return kUsage;
    if (files->size() == 1) secrets = jobs.back()->secrets;
  }
  const int code = session.report(&secrets);
  if (code != kOk) return code;
  for (std::size_t i = 0; i < jobs.size() && !session.machine_readable() && !options.quiet; ++i) {
    const std::string text = secrets.redact(specs::plan_text(jobs[i]->plan));
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  int problems = 0;
  for (std::size_t i = 0; i < jobs.size() && options.check_env; ++i) problems += probe(session, *jobs[i]);
  return problems == 0 ? kOk : kEnvironment;
}

}  // namespace sr::cli
