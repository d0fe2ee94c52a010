// What there is to know of a node type, a settings block or a function, as text for a terminal or markdown for the
// docs. Entry points: describe, reference_markdown. Tested in tests/cli.
#pragma once

#include <string>

#include "specs/registry.h"

namespace sr::specs {

// Describes a node type, format, settings block, function or aggregate; "" if nothing has the name. Several things of
// one name stand below one another.
std::string describe(const Registry& registry, const std::string& name);

// Everything that can be described, for suggestions.
std::vector<std::string> describable_names(const Registry& registry);

// The reference of nodes and settings, and that of functions, as markdown.
std::string nodes_markdown(const Registry& registry);
std::string functions_markdown();

}  // namespace sr::specs
