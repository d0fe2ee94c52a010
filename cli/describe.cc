// describe and schema: what the registries know, as text, markdown or JSON Schema. Tested in tests/cli.
#include <cstdio>

#include "cli/error_pages.h"
#include "cli/exit_codes.h"
#include "cli/verbs.h"
#include "engine/base/diagnostic.h"
#include "operators/catalogue.h"
#include "specs/describe.h"
#include "specs/schema_json.h"

namespace sr::cli {

namespace {

int print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

int describe(const Options& options) {
  specs::Registry registry;
  operators::register_all(registry);
  if (options.files.empty() && options.format == "markdown") return print(specs::nodes_markdown(registry));
  if (options.files.empty()) {
    std::fprintf(stderr,
                 "streamrun: describe what? A node type, function, aggregate, format, settings block or code; see "
                 "`streamrun list`\n");
    return kUsage;
  }
  // `describe function split` says the same as `describe split`.
  const std::string& name = options.files.back();
  if (name == "functions" && options.format == "markdown") return print(specs::functions_markdown());
  const std::string page = error_page(name);
  if (!page.empty()) return print(page);
  const std::string text = specs::describe(registry, name);
  if (!text.empty()) return print(text);
  const std::string near = nearest(name, specs::describable_names(registry));
  std::fprintf(stderr, "streamrun: nothing is called `%s`%s\n", name.c_str(),
               near.empty() ? "" : ("; did you mean `" + near + "`?").c_str());
  return kUsage;
}

int schema(const Options&) {
  specs::Registry registry;
  operators::register_all(registry);
  return print(specs::job_schema(registry));
}

}  // namespace sr::cli
