// Fuzzes the reader of job files: any bytes give a tree or findings, within its limits, never a crash.
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "specs/yaml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sr::SourceMap sources;
  sr::Diagnostics diagnostics;
  sr::specs::ReadBudget budget;
  const auto tree = sr::specs::read_yaml(sources, {"job.yaml", std::string(reinterpret_cast<const char*>(data), size)},
                                         budget, diagnostics);
  if (!tree && !diagnostics.has_errors()) sr::check_failed("a refused text has a finding", __FILE__, __LINE__);
  return 0;
}
