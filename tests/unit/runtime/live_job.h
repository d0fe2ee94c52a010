// Runs a job file in this process on the real loop, for tests of sources and sinks against the real world.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "engine/runtime/job.h"
#include "operators/catalogue.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

namespace sr::runtime::test {

// The rows that `print` wrote, without the lines around them.
inline std::vector<std::string> printed_rows(const std::string& text) {
  std::vector<std::string> rows;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.empty() && !line.starts_with("-----") && !line.starts_with("Time: ") && line != "...")
      rows.push_back(line);
  }
  return rows;
}

class LiveJob {
 public:
  LiveJob()
      : loop(make_real_loop(*real_environment().clock)),
        log_(*real_environment().clock, {}, [this](std::string_view line) {
          const std::lock_guard lock(mutex_);
          lines_.append(line);
        }) {}

  // Compiles and runs to the end; the job must be sound.
  JobOutcome run(const std::string& yaml, unsigned workers = 1) {
    specs::Registry registry;
    operators::register_all(registry);
    specs::CompileInput input;
    input.path = "job.yaml";
    input.text = yaml;
    SourceMap sources;
    Diagnostics diagnostics;
    const auto job = specs::compile(input, registry, sources, diagnostics);
    for (const Diagnostic& finding : diagnostics.items()) UNSCOPED_INFO(finding.message);
    REQUIRE(job->sound);
    JobOptions options;
    options.env = &real_environment();
    options.loop = loop.get();
    options.log = &log_;
    options.metrics = &metrics;
    options.out = &out;
    options.trigger = static_cast<Trigger>(job->spec.batch.trigger);
    options.max_records = job->spec.batch.max_records;
    options.workers = workers;
    options.say = [](std::string_view) {};
    if (adjust) adjust(options);
    Job running(specs::instantiate(*job->bound, registry), options);
    return running.run();
  }
  // Calls `task` on the loop's thread as soon as the condition holds; it is looked at every few milliseconds.
  void when(std::function<bool()> condition, Task task) {
    const std::size_t at = timers_.size();
    timers_.push_back(loop->timer([this, at, condition = std::move(condition), task = std::move(task)] {
      if (condition()) return task();
      timers_[at]->arm(loop->clock().monotonic_us() + kLookEveryUs);
    }));
    timers_.back()->arm(loop->clock().monotonic_us() + kLookEveryUs);
  }
  // Ends the job as a signal would, as soon as the condition holds.
  void drain_when(std::function<bool()> condition) {
    when(std::move(condition), [] { raise(SIGTERM); });
  }
  // Blocks a thread of the test until the condition holds.
  static void await(const std::function<bool()>& condition) {
    for (int looks = 0; looks < 12'000 && !condition(); ++looks) usleep(kLookEveryUs);
  }
  // Whether the job has printed this row. Any thread.
  bool printed(const std::string& row) {
    const auto rows = printed_rows(out.text());
    return std::find(rows.begin(), rows.end(), row) != rows.end();
  }

  std::string log_lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  // Keeps what the job prints, and tells after each batch.
  class Output final : public flow::StdoutWriter {
   public:
    Status write(std::string_view text) override {
      const std::lock_guard lock(mutex);
      all.append(text);
      return {};
    }
    std::string text() {
      const std::lock_guard lock(mutex);
      return all;
    }
    std::mutex mutex;
    std::string all;
  };
  std::unique_ptr<EventLoop> loop;
  Output out;
  std::function<void(JobOptions&)> adjust;  // what a test wants otherwise
  Metrics metrics;

 private:
  static constexpr std::int64_t kLookEveryUs = 5'000;
  std::vector<std::unique_ptr<Timer>> timers_;
  std::mutex mutex_;
  std::string lines_;
  Logger log_;
};

// A folder that is gone after the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "streamrun-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  void write(const std::string& name, const std::string& text, std::ios::openmode mode = std::ios::trunc) const {
    std::ofstream(path + "/" + name, std::ios::out | mode) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string path;
};

}  // namespace sr::runtime::test
