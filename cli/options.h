// What was typed: the options of every verb, decoded. Made by cli/parse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sr::cli {

enum class Verb : unsigned char {
  run,
  validate,
  test,
  explain,
  graph,
  render,
  list,
  describe,
  schema,
  init,
  state,
  completion,
  version
};

struct Options {
  Verb verb = Verb::run;
  std::vector<std::string> files;  // job files, folders, globs, `-`; of other verbs their words
  // How the spec is read.
  std::vector<std::string> sets;  // path=value
  std::vector<std::string> env_files;
  // Checking.
  bool dry_run = false;
  bool check_env = false;
  bool strict = false;
  std::string format = "human";
  std::string color = "auto";  // auto, always, never
  // Running.
  std::optional<unsigned> workers;
  bool quiet = false;
  bool verbose = false;
  std::string log_format;  // text, json; empty: what the job says
  // test
  bool update = false;
  std::string junit_file;
  std::string filter;
  bool all_modes = false;
  // state
  std::uint64_t limit = 20;  // rows that `show` prints
  // init
  std::string output;
};

// Decodes the command line. Gives an exit code instead where there is nothing more to do (--help, --version, wrong
// use).
std::optional<int> parse(int argc, char** argv, Options& options);

// The words that completion offers after each verb; see cli/completion.
std::vector<std::string> verb_names();

}  // namespace sr::cli
