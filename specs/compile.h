// The one way from a job file to a job that can run: read, parse, link, bind, plan. Every verb goes through here, so
// that a dry run is a prefix of the run. Entry points: compile, compile_tree. Tested in tests/diagnostics and
// tests/jobs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "specs/bound_job.h"
#include "specs/plan.h"
#include "specs/registry.h"
#include "specs/secrets.h"
#include "specs/spec_reader.h"
#include "specs/tests_spec.h"

namespace sr::specs {

struct CompileInput {
  std::string path;                      // as the user wrote it; fragments are relative to it
  std::string text;                      // its content (load_source)
  const Variables* variables = nullptr;  // the environment over the env files; null: none is set
  std::vector<std::string> overrides;    // --set
  Fs* fs = nullptr;                      // for fragments and `${file:}`; null: there are none
  bool dry_run = true;                   // secrets need not be there
};

// A job with everything that was found out about it. The parts point into each other: it does not move.
struct CompiledJob {
  SpecValue root;
  JobSpec spec;
  std::unique_ptr<BoundJob> bound;  // null if the file could not be read
  Plan plan;
  TestsSpec tests;  // of the section `tests`
  Secrets secrets;
  bool sound = false;  // there was no error: it can be instantiated
};

// Reads a job and runs every pass on what is sound. All findings are added; `sources` gets the files.
std::unique_ptr<CompiledJob> compile(const CompileInput& input, const Registry& registry, SourceMap& sources,
                                     Diagnostics& diagnostics);

// The same for a job that stands inside another file (`cases:`), whose variables are filled in already.
std::unique_ptr<CompiledJob> compile_tree(SpecValue root, const Registry& registry, Diagnostics& diagnostics);

}  // namespace sr::specs
