// Files that hold tests: a job with `tests:`, `job: path` with `tests:`, or `cases:` with jobs of their own. Read into
// one form. Tested in tests/cli.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"

namespace sr::cli {

// One job with its tests. `findings` are those of compiling the job; the file's own findings are the session's.
struct TestCase {
  std::string name;  // of the case, or the job's
  std::unique_ptr<specs::CompiledJob> job;
  specs::TestsSpec tests;
  Diagnostics findings;
};

// Whether the file at the path holds `cases:` or `job:` instead of a job (by its top-level keys).
bool is_test_file(const std::string& path);

// Reads every case of a file; false, with a message, if it cannot be read. Mistakes of the file's own form go to the
// session.
bool read_test_cases(Session& session, const std::string& path, std::vector<std::unique_ptr<TestCase>>& cases);

// Checks a test file without running it: the findings of all cases that no test expects go to the session. False:
// unreadable.
bool check_test_file(Session& session, const std::string& path);

}  // namespace sr::cli
