// Pass 2: a tree becomes a JobSpec. Sections, settings, node types and options are checked here; names are resolved
// later (specs/link). Entry point: parse_job. Mistakes are reported once; what a mistake hides is marked in the
// JobSpec, so that later passes stay silent about it. Tested in tests/diagnostics.
#pragma once

#include <map>
#include <memory>

#include "specs/job_spec.h"

namespace sr::specs {

JobSpec parse_job(const SpecValue& root, const Registry& registry, Diagnostics& diagnostics);

// What the files of this pass share.
struct ParseContext {
  const Registry& registry;
  Diagnostics& diagnostics;
  JobSpec& job;
  std::map<const NodeInfo*, std::shared_ptr<const OptionTable<CommonConfig>>> common;  // by type, made once

  const OptionTable<CommonConfig>& common_of(const NodeInfo& info);
  void report(Diagnostic diagnostic) { diagnostics.add(std::move(diagnostic)); }
};

// One value of `defaults`: `sources: {on_error: skip}` or `print: {limit: 3}`.
struct DefaultOption {
  std::string scope;  // a section or a type
  std::string name;   // of the option, mended
  const SpecEntry* entry = nullptr;
  mutable bool used = false;
};
using Defaults = std::vector<DefaultOption>;

// parse_settings.cc: `version`, `name`, …, `batch`, `checkpoint`, …; false where `key` is none of them.
bool parse_setting(const std::string& key, const SpecEntry& entry, ParseContext& context);
// parse_defaults.cc
Defaults parse_defaults(const SpecEntry* entry, ParseContext& context);
void report_unused_defaults(const Defaults& defaults, ParseContext& context);
// parse_functions.cc
void parse_functions(const SpecEntry& entry, ParseContext& context);
// parse_nodes.cc
void parse_section(NodeKind kind, const SpecEntry& entry, const Defaults& defaults, ParseContext& context);
const char* section_of(NodeKind kind);
// parse_inputs.cc
void parse_inputs(NodeSpec& node, const SpecEntry* input, ParseContext& context);

// Whether a text is an id: letters, digits, `_` and `-`, not beginning with a digit.
bool is_id(std::string_view text);
// The id that a wrong one was surely meant to be; may still be none.
std::string mended_id(std::string_view text);

}  // namespace sr::specs
