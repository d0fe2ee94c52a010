// Running one test of a job on the virtual world and comparing what came out. Tested in tests/cli and through every job
// test.
#pragma once

#include <string>
#include <vector>

#include "cli/test_files.h"
#include "engine/runtime/harness.h"

namespace sr::cli {

// How a test is run; results must not depend on it.
struct TestMode {
  std::string name;  // "", "2 workers", …
  unsigned workers = 1;
  std::uint32_t chunk_rows = kChunkRows;
  bool restart_always = false;  // killed and recovered after each batch
};

// The rows that a node gave, for --update.
struct ActualRows {
  const specs::ExpectSpec* expect = nullptr;
  std::string yaml;  // one flow list per batch
};

struct TestOutcome {
  bool passed = true;
  std::string message;             // what differs, lines for people
  std::vector<ActualRows> actual;  // of expectations that did not hold
  // All that the watched nodes and every sink gave, in order, and what sinks wrote: the same in every mode, byte by
  // byte.
  std::string rows;
  std::string files;  // the same of the files of sinks, which may lie otherwise after a crash
};

// Runs a test. `session` has the sources of diagnostics.
TestOutcome run_test(Session& session, const TestCase& of, const specs::TestSpec& test, const TestMode& mode);

}  // namespace sr::cli
