// Pass 1 as a whole: a file or text → a tree with its fragments merged, `--set` applied and variables filled in.
// Entry points: read_spec_file, read_spec_text. Knows nothing of sections, nodes or options beyond `include`.
// Tested in tests/unit/specs/spec_reader_test.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "specs/interpolation.h"
#include "specs/secrets.h"
#include "specs/yaml_reader.h"

namespace sr::specs {

struct ReadOptions {
  Fs* fs = nullptr;                      // for fragments and `${file:}`
  const Variables* variables = nullptr;  // the environment over the env files; null: none is set
  std::vector<std::string> overrides;    // `path=value`, of --set
  // Keeps what could not be filled in, and says whether this is a dry run. The caller must report() it once options are
  // decoded; without one, all of it is reported at once, as in a dry run.
  Unresolved* unresolved = nullptr;
  Secrets* secrets = nullptr;
};

// Reads at most kMaxSpecBytes + 1 bytes of a file. The error names the path and the reason.
Result<std::string> load_source(Fs& fs, const std::string& path);

// Reads a job from text; `source.path` is what diagnostics show and what fragments are relative to.
// Gives a tree also after SR104x and SR105x, for later passes to report the rest.
std::optional<SpecValue> read_spec_text(SourceMap& sources, SourceText source, const ReadOptions& options,
                                        Diagnostics& diagnostics);

}  // namespace sr::specs
