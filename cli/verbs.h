// The verbs: each takes what was typed and gives an exit code of cli/exit_codes.h.
#pragma once

#include "cli/options.h"

namespace sr::cli {

int run_job(const Options& options);     // run.cc
int validate(const Options& options);    // validate.cc
int test(const Options& options);        // test.cc
int explain(const Options& options);     // explain.cc
int graph(const Options& options);       // explain.cc
int render(const Options& options);      // explain.cc
int list(const Options& options);        // list.cc
int describe(const Options& options);    // list.cc
int schema(const Options& options);      // list.cc
int init(const Options& options);        // init.cc
int state(const Options& options);       // state.cc
int completion(const Options& options);  // completion.cc

// What `init` can start from; the first by default.
std::vector<std::string> template_names();  // init.cc

}  // namespace sr::cli
