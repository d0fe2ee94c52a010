// What `streamrun state` can do: one table for its dispatch, its help and completion.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace sr::cli {

enum class StateAction : unsigned char { list, show, dump, diff, repair, adopt, skip };

struct StateVerb {
  const char* name;
  StateAction action;
  const char* words;  // behind the job file
  std::size_t most;   // words behind the job file, at most
  const char* summary;
};

inline constexpr StateVerb kStateVerbs[] = {
    {"ls", StateAction::list, "", 0, "the nodes, sources and sinks that the newest snapshot knows"},
    {"show", StateAction::show, "[NODE]", 1, "how far the job is; of a node, the first rows of its state"},
    {"export", StateAction::dump, "[NODE]", 1, "all rows of a node's state, or of every node's, as JSON lines"},
    {"diff", StateAction::diff, "", 0, "whether the state fits the job as it is now"},
    {"repair", StateAction::repair, "", 0, "brings a damaged folder to its last consistent point"},
    {"adopt", StateAction::adopt, "[SINK]", 1, "goes on with sinks that hold more than this folder knows"},
    {"skip", StateAction::skip, "SOURCE@BATCH:NUMBER", 1, "leaves out a record that the refused start has named"},
};

// Their names with something between: `ls|show|…`.
inline std::string state_verb_names(const char* between) {
  std::string names;
  for (const StateVerb& verb : kStateVerbs) names += (names.empty() ? "" : between) + std::string(verb.name);
  return names;
}

// A line each: how it is called and what it does.
inline std::string state_verb_lines() {
  const auto call = [](const StateVerb& verb) {
    return std::string(verb.name) + " JOB" + (verb.most > 0 ? " " : "") + verb.words;
  };
  std::size_t width = 0;
  for (const StateVerb& verb : kStateVerbs) width = std::max(width, call(verb).size());
  std::string lines;
  for (const StateVerb& verb : kStateVerbs)
    lines += "  " + call(verb) + std::string(width + 3 - call(verb).size(), ' ') + verb.summary + "\n";
  return lines;
}

}  // namespace sr::cli
