// Fuzzes the way from a job file to its plan: any bytes give a sound job or findings, never a crash.
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "operators/catalogue.h"
#include "specs/compile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sr::specs::Registry registry = [] {
    sr::specs::Registry all;
    sr::operators::register_all(all);
    return all;
  }();
  sr::specs::CompileInput input;
  input.path = "job.yaml";
  input.text.assign(reinterpret_cast<const char*>(data), size);
  sr::SourceMap sources;
  sr::Diagnostics diagnostics;
  const auto job = sr::specs::compile(input, registry, sources, diagnostics);
  if (!job->sound && !diagnostics.has_errors()) sr::check_failed("a refused job has a finding", __FILE__, __LINE__);
  return 0;
}
