// streamrun: the entry point. Decodes the command line and hands over to the verb.
#include <malloc.h>

#include <cstdio>

#include "cli/exit_codes.h"
#include "cli/verbs.h"

namespace sr::cli {
namespace {

// Freed blocks of buffers and columns are used again by the next batch: giving them back to the system would cost a
// page fault per 4 KiB.
void keep_freed_memory() {
  constexpr int kMapThreshold = 256 << 20;
  constexpr int kTrimThreshold = 512 << 20;
  mallopt(M_MMAP_THRESHOLD, kMapThreshold);
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  mallopt(M_ARENA_MAX, 4);
}

int dispatch(const Options& options) {
  switch (options.verb) {
    case Verb::run:
      keep_freed_memory();
      return run_job(options);
    case Verb::validate:
      return validate(options);
    case Verb::test:
      return test(options);
    case Verb::explain:
      return explain(options);
    case Verb::graph:
      return graph(options);
    case Verb::render:
      return render(options);
    case Verb::list:
      return list(options);
    case Verb::describe:
      return describe(options);
    case Verb::schema:
      return schema(options);
    case Verb::init:
      return init(options);
    case Verb::completion:
      return completion(options);
    case Verb::state:
      return state(options);
    case Verb::version:
      std::printf("streamrun %s\n", STREAMRUN_VERSION);
      return kOk;
  }
  return kUsage;
}

}  // namespace
}  // namespace sr::cli

int main(int argc, char** argv) {
  sr::cli::Options options;
  if (const auto code = sr::cli::parse(argc, argv, options)) return *code;
  return sr::cli::dispatch(options);
}
