// list: what the language has: node types, functions, aggregates, formats, diagnostic codes. Tested in tests/cli.
#include <algorithm>
#include <cstdio>

#include "cli/exit_codes.h"
#include "cli/verbs.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "operators/catalogue.h"
#include "specs/codes.h"

namespace sr::cli {

namespace {

void line(const std::string& name, const std::string& text) {
  std::printf("  %-28s %s\n", name.c_str(), text.c_str());
}

void list_nodes(const specs::Registry& registry) {
  std::string group;
  for (const specs::NodeInfo* node : registry.nodes()) {
    if (node->group != group) std::printf("%s%s\n", group.empty() ? "" : "\n", node->group.c_str());
    group = node->group;
    line(node->name, node->summary);
  }
}

void list_functions() {
  std::string family;
  for (const expr::FunctionInfo* function : expr::functions().all()) {
    if (function->family != family) std::printf("%s%s\n", family.empty() ? "" : "\n", function->family.c_str());
    family = function->family;
    line(function->signature, function->summary);
  }
}

void list_aggregates() {
  for (const expr::AggregateInfo* aggregate : expr::aggregates().all()) line(aggregate->signature, aggregate->summary);
}

}  // namespace

int list(const Options& options) {
  specs::Registry registry;
  operators::register_all(registry);
  const std::string what = options.files.empty() ? "nodes" : options.files[0];
  if (what == "nodes") {
    list_nodes(registry);
  } else if (what == "functions") {
    list_functions();
  } else if (what == "aggregates") {
    list_aggregates();
  } else if (what == "formats") {
    for (const specs::FormatInfo* format : registry.formats()) line(format->name, format->summary);
  } else if (what == "codes") {
    for (const specs::CodeInfo& code : specs::code_table()) line(code.code, code.title);
  } else {
    std::fprintf(stderr, "streamrun: list what? nodes, functions, aggregates, formats or codes\n");
    return kUsage;
  }
  return kOk;
}

}  // namespace sr::cli
