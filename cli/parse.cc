// The command line by CLI11: one function adds the verbs, one the options of each. Tested in tests/cli.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/exit_codes.h"
#include "cli/options.h"
#include "cli/state_verbs.h"
#include "cli/verbs.h"

namespace sr::cli {

namespace {

struct VerbInfo {
  const char* name;
  Verb verb;
  const char* summary;
};

constexpr VerbInfo kVerbs[] = {
    {"run", Verb::run, "Run a job (the same as `streamrun FILE`)"},
    {"validate", Verb::validate, "Check job files (the same as `streamrun FILE --dry-run`)"},
    {"test", Verb::test, "Run the tests in job files on a virtual clock"},
    {"explain", Verb::explain, "Show the plan of a job, or what a diagnostic code means (`explain SR2003`)"},
    {"graph", Verb::graph, "Draw the plan: mermaid or dot"},
    {"render", Verb::render, "Print the job file with variables, includes and --set filled in"},
    {"list", Verb::list, "List node types, functions, aggregates, formats, or codes"},
    {"describe", Verb::describe, "Describe a node type, function, aggregate, format, settings block or code"},
    {"schema", Verb::schema, "Print the JSON Schema of job files"},
    {"init", Verb::init, "Write a job file to start from"},
    {"state", Verb::state, "Look at and mend the state of a job that has a checkpoint folder"},
    {"completion", Verb::completion, "Print shell completion: bash, zsh or fish"},
    {"version", Verb::version, "Print the version"},
};

void add_spec_options(CLI::App& app, Options& options) {
  app.add_option("--set", options.sets, "Override a value: --set batch.interval=2s (repeatable)")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  app.add_option("--env-file", options.env_files, "Read variables from a file (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_report_options(CLI::App& app, Options& options) {
  app.add_option("--format", options.format,
                 "human, short, json, sarif, github or junit; of `graph` mermaid or dot; of `explain` human or json")
      ->type_name("FORMAT");
  app.add_flag("--strict", options.strict, "Treat warnings as errors");
  app.add_option("--color", options.color, "auto, always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_run_options(CLI::App& app, Options& options) {
  app.add_flag("--dry-run", options.dry_run, "Check the job and print its plan; run nothing");
  app.add_flag("--check-env", options.check_env, "Check files, folders, hosts and tables too; change nothing");
  app.add_option("--workers", options.workers, "Worker threads (default: the CPUs the process may use)")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  app.add_flag("-q,--quiet", options.quiet, "Say only what went wrong");
  app.add_flag("-v,--verbose", options.verbose, "A line of statistics per batch");
  app.add_option("--log-format", options.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
}

void add_test_options(CLI::App& app, Options& options) {
  app.add_flag("--update", options.update, "Rewrite expectations with what came out");
  app.add_option("--junit", options.junit_file, "Write a JUnit report")->type_name("FILE");
  app.add_option("--filter", options.filter, "Run only tests whose name contains the text")->type_name("TEXT");
  app.add_option("--workers", options.workers, "Worker threads of the test runs")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  app.add_flag("--all-modes", options.all_modes,
               "Run every test straight, killed after each batch, with 1 and 2 workers, and with small and large "
               "chunks; all must agree");
}

// What the words behind a verb are.
std::string words_of(Verb verb) {
  switch (verb) {
    case Verb::init: {
      std::string names;
      for (const std::string& name : template_names()) names += (names.empty() ? "" : ", ") + name;
      return "The template to start from: " + names;
    }
    case Verb::state:
      return state_verb_names(" | ") + ", then the job file";
    case Verb::completion:
      return "bash, zsh or fish";
    case Verb::describe:
      return "What to describe: the name of a node type, function, aggregate, format or block, or a code";
    case Verb::list:
      return "What to list: nodes, functions, aggregates, formats or codes";
    case Verb::explain:
      return "A job file (`-` reads standard input), or a diagnostic code";
    case Verb::run:
    case Verb::graph:
    case Verb::render:
      return "The job file; `-` reads standard input";
    case Verb::validate:
    case Verb::test:
    case Verb::schema:
    case Verb::version:
      break;
  }
  return "Job files, folders or globs; `-` reads standard input";
}

void add_verb(CLI::App& app, const VerbInfo& info, Options& options) {
  CLI::App* verb = app.add_subcommand(info.name, info.summary);
  verb->callback([&options, which = info.verb] { options.verb = which; });
  if (info.verb != Verb::schema && info.verb != Verb::version)
    verb->add_option("args", options.files, words_of(info.verb))->type_name("");
  switch (info.verb) {
    case Verb::run:
      add_spec_options(*verb, options);
      add_report_options(*verb, options);
      add_run_options(*verb, options);
      break;
    case Verb::validate:
      add_spec_options(*verb, options);
      add_report_options(*verb, options);
      verb->add_flag("--check-env", options.check_env, "Check files, folders, hosts and tables too; change nothing");
      verb->add_flag("-q,--quiet", options.quiet, "Do not print the plan");
      break;
    case Verb::test:
      add_spec_options(*verb, options);
      add_report_options(*verb, options);
      add_test_options(*verb, options);
      break;
    case Verb::explain:
    case Verb::graph:
    case Verb::render:
      add_spec_options(*verb, options);
      add_report_options(*verb, options);
      break;
    case Verb::state:
      add_spec_options(*verb, options);
      add_report_options(*verb, options);
      verb->add_option("--limit", options.limit, "Rows of a node that `state show` prints (default: 20)")
          ->type_name("N");
      verb->footer(state_verb_lines());
      break;
    case Verb::list:
      verb->add_option("--format", options.format, "human, or json: one object a line")
          ->type_name("FORMAT")
          ->check(CLI::IsMember({"human", "json"}));
      break;
    case Verb::describe:
      verb->add_option("--format", options.format, "human, or markdown of all node types, or of `functions`")
          ->type_name("FORMAT")
          ->check(CLI::IsMember({"human", "markdown"}));
      break;
    case Verb::init:
      verb->add_option("-o,--output", options.output, "Where to write (default: standard output)")->type_name("FILE");
      break;
    case Verb::schema:
    case Verb::completion:
    case Verb::version:
      break;
  }
}

}  // namespace

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const VerbInfo& info : kVerbs) names.emplace_back(info.name);
  return names;
}

std::optional<int> parse(int argc, char** argv, Options& options) {
  CLI::App app(
      "streamrun runs a stream-processing job written in YAML.\n\n  streamrun job.yaml              run it\n"
      "  streamrun job.yaml --dry-run    check it\n  streamrun test job.yaml         run its tests\n",
      "streamrun");
  app.set_version_flag("-V,--version", "streamrun " STREAMRUN_VERSION);
  app.require_subcommand(0, 1);
  app.option_defaults()->always_capture_default(false);
  app.add_option("file", options.files, "Job file; `-` reads standard input")->type_name("FILE");
  add_spec_options(app, options);
  add_report_options(app, options);
  add_run_options(app, options);
  for (const VerbInfo& info : kVerbs) add_verb(app, info, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done) == 0 ? kOk : kUsage;
  } catch (const CLI::ParseError& wrong) {
    app.exit(wrong, std::cout, std::cerr);
    return kUsage;
  }
  if (options.verb == Verb::run && options.files.empty()) {
    std::cerr << app.help();
    return kUsage;
  }
  if (options.verb == Verb::run && (options.dry_run || options.check_env)) options.verb = Verb::validate;
  return std::nullopt;
}

}  // namespace sr::cli
