// list: what the language has: node types, functions, aggregates, formats, diagnostic codes. Tested in tests/cli.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.h"
#include "cli/verbs.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "operators/catalogue.h"
#include "specs/codes.h"

namespace sr::cli {

namespace {

// Prints names with what they are, under headings or as JSON, one object a line.
class Lines {
 public:
  explicit Lines(const std::string& format) : json_(format == "json") {}

  void add(const std::string& name, const std::string& text, const std::string& group = {}) {
    if (json_) {
      nlohmann::ordered_json object = {{"name", name}, {"text", text}};
      if (!group.empty()) object["group"] = group;
      std::printf("%s\n", object.dump().c_str());
      return;
    }
    if (group != group_) std::printf("%s%s\n", group_.empty() ? "" : "\n", group.c_str());
    group_ = group;
    std::printf("  %-28s %s\n", name.c_str(), text.c_str());
  }

 private:
  bool json_;
  std::string group_;
};

}  // namespace

int list(const Options& options) {
  specs::Registry registry;
  operators::register_all(registry);
  const std::string what = options.files.empty() ? "nodes" : options.files[0];
  Lines lines(options.format);
  if (what == "nodes") {
    for (const specs::NodeInfo* node : registry.nodes()) lines.add(node->name, node->summary, node->group);
  } else if (what == "functions") {
    for (const expr::FunctionInfo* function : expr::functions().all())
      lines.add(function->signature, function->summary, function->family);
  } else if (what == "aggregates") {
    for (const expr::AggregateInfo* aggregate : expr::aggregates().all())
      lines.add(aggregate->signature, aggregate->summary);
  } else if (what == "formats") {
    for (const specs::FormatInfo* format : registry.formats()) lines.add(format->name, format->summary);
  } else if (what == "codes") {
    for (const specs::CodeInfo& code : specs::code_table()) lines.add(code.code, code.title);
  } else {
    std::fprintf(stderr, "streamrun: list what? nodes, functions, aggregates, formats or codes\n");
    return kUsage;
  }
  return kOk;
}

}  // namespace sr::cli
