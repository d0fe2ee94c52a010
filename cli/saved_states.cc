#include "cli/saved_states.h"

#include <algorithm>

#include "engine/runtime/state_restore.h"

namespace sr::cli {

namespace {

using runtime::StateMatch;

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "`" : ", `") + name + "`";
  return text;
}

// What becomes of the state that is asked for in a graph; null if the graph has no such node.
const StateMatch* match_of(const std::vector<StateMatch>& matches, const std::string& node) {
  for (const StateMatch& one : matches) {
    if (one.kind != StateMatch::Kind::abandoned && (one.node == node || one.saved_as == node)) return &one;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> SavedStates::nodes() const {
  std::vector<std::string> names;
  for (const StateMatch& one : runtime::compare_state(present_, *found_.snapshot)) {
    if (one.kind != StateMatch::Kind::fresh) names.push_back(one.node);
  }
  return names;
}

Status SavedStates::list(const std::string& node, const flow::StateReader& read) {
  const durability::Snapshot& snapshot = *found_.snapshot;
  const std::vector<StateMatch> matches = runtime::compare_state(present_, snapshot);
  const StateMatch* match = match_of(matches, node);
  const std::string saved_as = match ? match->saved_as : node;
  const bool saved = std::any_of(snapshot.nodes.begin(), snapshot.nodes.end(),
                                 [&](const durability::SavedNode& one) { return one.id == saved_as; });
  if (!saved || node.empty()) {
    const std::vector<std::string> there = nodes();
    return Error{"the snapshot has no state of `" + node + "`; it has " +
                     (there.empty() ? "none of any node" : "those of " + quoted(there)),
                 false, "unknown"};
  }
  const auto list_from = [&](flow::Graph& graph, const StateMatch& from) -> Status {
    auto restored = runtime::restore_node(graph, from, snapshot);
    SR_TRY(restored);
    (*restored)->list_state(snapshot.tick, read);
    return {};
  };
  if (match && match->kind == StateMatch::Kind::same) return list_from(present_, *match);
  for (const auto& [fingerprint, text] : found_.specs) {
    auto former = make_former_(text);
    if (!former.ok()) continue;
    const std::vector<StateMatch> then = runtime::compare_state(*former, snapshot);
    const StateMatch* fits = match_of(then, saved_as);
    if (fits && fits->kind == StateMatch::Kind::same) return list_from(*former, *fits);
  }
  if (match && match->kind == StateMatch::Kind::migrated) return list_from(present_, *match);
  return Error{"the state of `" + node + "` does not fit the job any more" +
                   (match ? ": " + match->difference : std::string(", which has no such node")) +
                   "; show it with the job file that wrote it",
               false, "shape"};
}

}  // namespace sr::cli
