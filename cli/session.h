// What every verb that reads jobs needs: the registry, the variables, the files, the findings, and how they are shown.
// Tested in tests/cli.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"
#include "specs/compile.h"
#include "specs/report.h"

namespace sr::cli {

class Session {
 public:
  explicit Session(const Options& options);

  // Reads the --env-file files and checks --format. Gives an exit code where the verb cannot go on.
  std::optional<int> begin();
  const specs::Registry& registry() const { return registry_; }
  SourceMap& sources() { return sources_; }
  Diagnostics& diagnostics() { return diagnostics_; }
  const specs::Variables& variables() const { return variables_; }
  bool machine_readable() const {
    return format_ != specs::ReportFormat::human && format_ != specs::ReportFormat::brief;
  }

  // Compiles one file (`-`: standard input). Null, with a message on stderr, if it cannot be read.
  std::unique_ptr<specs::CompiledJob> compile(const std::string& path, bool dry_run);
  // Shows all findings; machine formats go to stdout, those for people to stderr. --quiet keeps mere warnings to
  // itself. Gives kOk or kSpecWrong (with
  // --strict also for warnings).
  int report(const specs::Secrets* secrets = nullptr);
  // Folders and globs become the files in them; gives nothing, with a message, if one matches no file.
  std::optional<std::vector<std::string>> expand(const std::vector<std::string>& paths) const;
  // Whether text for people on stderr may be coloured.
  bool colour() const;

 private:
  const Options& options_;
  specs::Registry registry_;
  specs::Variables variables_;
  SourceMap sources_;
  Diagnostics diagnostics_;
  specs::ReportFormat format_ = specs::ReportFormat::human;
};

// Reads a whole spec; `-` is standard input.
Result<std::string> load(const std::string& path);

}  // namespace sr::cli
