#include "cli/session.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cli/exit_codes.h"
#include "operators/catalogue.h"
#include "specs/env_file.h"
#include "specs/limits.h"

extern char** environ;

namespace sr::cli {

namespace {

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

bool is_job_name(const std::string& name) {
  return !name.starts_with(".") && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

void add_folder(Fs& fs, const std::string& folder, std::vector<std::string>& files) {
  auto names = fs.list(folder);
  if (!names.ok()) return;
  std::sort(names->begin(), names->end());
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    const auto info = fs.stat(path);
    // Fragments for `include`, which are no jobs, are named `_….yaml`.
    if (!info.ok() || name.starts_with(".") || name.starts_with("_")) continue;
    if (info->is_directory) {
      add_folder(fs, path, files);
    } else if (is_job_name(name)) {
      files.push_back(path);
    }
  }
}

void add_glob(Fs& fs, const std::string& pattern, std::vector<std::string>& files) {
  const std::size_t slash = pattern.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : pattern.substr(0, slash);
  const std::string last = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  auto names = fs.list(folder);
  if (!names.ok()) return;
  std::sort(names->begin(), names->end());
  for (const std::string& name : *names) {
    if (fnmatch(last.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    files.push_back(slash == std::string::npos ? name : folder + "/" + name);
  }
}

}  // namespace

Result<std::string> load(const std::string& path) {
  if (path != "-") return specs::load_source(*real_environment().fs, path);
  std::string text;
  char buffer[65536];
  while (text.size() <= specs::kMaxSpecBytes) {
    const std::size_t got = std::fread(buffer, 1, sizeof buffer, stdin);
    if (got == 0) break;
    text.append(buffer, got);
  }
  return text;
}

Session::Session(const Options& options) : options_(options) {
  operators::register_all(registry_);
}

std::optional<int> Session::begin() {
  const auto format = specs::parse_report_format(options_.format);
  if (!format) {
    std::fprintf(stderr, "streamrun: unknown --format `%s`: human, short, json, sarif, github or junit\n",
                 options_.format.c_str());
    return kUsage;
  }
  format_ = *format;
  std::map<std::string, std::string> values = process_environment();
  for (const std::string& path : options_.env_files) {
    auto text = load(path);
    if (!text.ok()) {
      std::fprintf(stderr, "streamrun: %s\n", text.error().message.c_str());
      return kUsage;
    }
    specs::read_env_file(sources_, {path, std::move(*text)}, values, diagnostics_);
  }
  variables_ = specs::Variables(std::move(values));
  return std::nullopt;
}

std::unique_ptr<specs::CompiledJob> Session::compile(const std::string& path, bool dry_run) {
  auto text = load(path);
  if (!text.ok()) {
    std::fprintf(stderr, "streamrun: %s\n", text.error().message.c_str());
    return nullptr;
  }
  specs::CompileInput input;
  input.path = path == "-" ? "<stdin>" : path;
  input.text = std::move(*text);
  input.variables = &variables_;
  input.overrides = options_.sets;
  input.fs = real_environment().fs;
  input.dry_run = dry_run;
  return specs::compile(input, registry_, sources_, diagnostics_);
}

bool Session::colour() const {
  if (options_.color == "always") return true;
  return options_.color == "auto" && isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

int Session::report(const specs::Secrets* secrets) {
  const bool wanted = diagnostics_.has_errors() || options_.strict || machine_readable();
  if (options_.quiet && !wanted) return kOk;
  specs::ReportOptions options;
  options.format = format_;
  options.colour = colour();
  options.secrets = secrets;
  options.version = STREAMRUN_VERSION;
  const std::string text = specs::render_report(sources_, diagnostics_, options);
  std::FILE* to = machine_readable() ? stdout : stderr;
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
  const bool warned = std::any_of(diagnostics_.items().begin(), diagnostics_.items().end(),
                                  [](const Diagnostic& d) { return d.severity == Severity::warning; });
  return diagnostics_.has_errors() || (options_.strict && warned) ? kSpecWrong : kOk;
}

std::optional<std::vector<std::string>> Session::expand(const std::vector<std::string>& paths) const {
  Fs& fs = *real_environment().fs;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    const std::size_t before = files.size();
    const auto info = path == "-" ? Result<FileInfo>(FileInfo{}) : fs.stat(path);
    if (info.ok() && info->is_directory) {
      add_folder(fs, path, files);
    } else if (info.ok()) {
      files.push_back(path);
    } else if (path.find_first_of("*?[") != std::string::npos) {
      add_glob(fs, path, files);
    } else {
      std::fprintf(stderr, "streamrun: %s\n", info.error().message.c_str());
      return std::nullopt;
    }
    if (files.size() == before) {
      std::fprintf(stderr, "streamrun: no job file in `%s`\n", path.c_str());
      return std::nullopt;
    }
  }
  return files;
}

}  // namespace sr::cli
