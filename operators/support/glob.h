// Names with wildcards: `*` any characters, `?` one, `[a-z]` a set, `[!a]` its opposite; in a path each stands within
// one folder. Entry points: matches_glob, expand_glob. Tested in tests/unit/operators/glob_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"

namespace sr::operators {

bool has_wildcards(std::string_view text);
bool matches_glob(std::string_view pattern, std::string_view name);
// Gives the paths that match, sorted by bytes. Names that begin with a dot only match a pattern that does.
std::vector<std::string> expand_glob(Fs& fs, const std::string& pattern);

}  // namespace sr::operators
