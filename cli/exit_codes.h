// Exit codes of the command: the one table.
#pragma once

namespace sr::cli {

enum ExitCode : int {
  kOk = 0,             // valid, or a clean stop
  kSpecWrong = 1,      // the spec is wrong, or a test failed
  kUsage = 2,          // wrong use of the command, unreadable file
  kEnvironment = 3,    // the environment check failed
  kJobFailed = 4,      // the job failed while running
  kInterrupted = 130,  // a second SIGINT forced the stop
  kTerminated = 143    // a second SIGTERM forced the stop
};

}  // namespace sr::cli
