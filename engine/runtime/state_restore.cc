#include "engine/runtime/state_restore.h"

#include <algorithm>

#include "engine/base/failpoint.h"

namespace sr::runtime {
namespace {

using durability::SavedNode;
using durability::Snapshot;
using flow::StateShape;

const SavedNode* saved_node(const Snapshot& snapshot, const std::string& id) {
  const auto found = std::find_if(snapshot.nodes.begin(), snapshot.nodes.end(),
                                  [&](const SavedNode& node) { return !id.empty() && node.id == id; });
  return found == snapshot.nodes.end() ? nullptr : &*found;
}

flow::Breaker* stateful(const flow::Node& node) {
  const auto* breaker = std::get_if<std::unique_ptr<flow::Breaker>>(&node.work);
  return breaker && (*breaker)->has_state() ? breaker->get() : nullptr;
}

bool same_field(const Field& a, const Field& b) {
  return a.name == b.name && a.type && b.type && same_type(a.type, b.type);
}

std::string text_of(const std::vector<Field>& fields, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < std::min(to, fields.size()); ++i)
    text += (text.empty() ? "" : ", ") + fields[i].name + ": " + (fields[i].type ? fields[i].type->name() : "?");
  return "{" + text + "}";
}

const Field* field_of(const StateShape& shape, const std::string& name) {
  for (std::size_t i = shape.key_columns; i < shape.fields.size(); ++i) {
    if (shape.fields[i].name == name) return &shape.fields[i];
  }
  return nullptr;
}

// What keeps a saved state from fitting, and whether a migration may help.
std::string difference(const StateShape& saved, const StateShape& now, bool& migratable) {
  migratable = false;
  const bool same_keys =
      saved.key_columns == now.key_columns &&
      std::equal(saved.fields.begin(), saved.fields.begin() + static_cast<std::ptrdiff_t>(saved.key_columns),
                 now.fields.begin(), now.fields.begin() + static_cast<std::ptrdiff_t>(now.key_columns), same_field);
  if (!same_keys)
    return "the key was " + text_of(saved.fields, 0, saved.key_columns) + " and is now " +
           text_of(now.fields, 0, now.key_columns);
  if (saved.detail.empty() != now.detail.empty())
    return saved.detail.empty() ? "it was kept without `" + now.detail + "`, which it has now"
                                : "it was kept for `" + saved.detail + "`, which it has not any more";
  if (saved.detail != now.detail) return "it was kept for `" + saved.detail + "` and is now for `" + now.detail + "`";
  std::string text;
  bool retyped = false;
  const auto say = [&text](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  for (std::size_t i = saved.key_columns; i < saved.fields.size(); ++i) {
    const Field& was = saved.fields[i];
    const Field* is = field_of(now, was.name);
    if (!is) {
      say("column `" + was.name + "` is gone");
    } else if (!same_field(was, *is)) {
      retyped = true;
      say("column `" + was.name + "` was " + was.type->name() + " and is now " + is->type->name());
    }
  }
  for (std::size_t i = now.key_columns; i < now.fields.size(); ++i) {
    if (!field_of(saved, now.fields[i].name)) say("column `" + now.fields[i].name + "` is new");
  }
  migratable = !retyped;
  const bool reordered = text.empty() && !std::equal(saved.fields.begin(), saved.fields.end(), now.fields.begin(),
                                                     now.fields.end(), same_field);
  return reordered ? "the columns stand in another order" : text;
}

StateMatch match(const flow::Node& node, const Snapshot& snapshot) {
  StateMatch match{StateMatch::Kind::fresh, node.id, node.id, {}};
  const SavedNode* saved = saved_node(snapshot, node.id);
  if (!saved && !node.was.empty()) {
    match.saved_as = node.was;
    saved = saved_node(snapshot, node.was);
  }
  if (!saved) return match;
  bool migratable = false;
  if (!left_out(Failpoint::state_shape)) match.difference = difference(saved->shape, node.state, migratable);
  match.kind = match.difference.empty() ? StateMatch::Kind::same
               : migratable             ? StateMatch::Kind::migrated
                                        : StateMatch::Kind::different;
  return match;
}

std::string refusal(const StateMatch& match, const std::string& why) {
  return "the state of `" + match.saved_as + "` does not fit the job any more: " + why +
         "; undo the edit, give the node another id, or set `checkpoint.on_incompatible: reset_changed` to begin that "
         "state anew";
}

}  // namespace

std::vector<StateMatch> compare_state(const flow::Graph& graph, const Snapshot& snapshot) {
  std::vector<StateMatch> matches;
  for (const flow::Node& node : graph.nodes) {
    if (stateful(node)) matches.push_back(match(node, snapshot));
  }
  for (const SavedNode& saved : snapshot.nodes) {
    const bool used = std::any_of(matches.begin(), matches.end(), [&](const StateMatch& one) {
      return one.saved_as == saved.id && one.kind != StateMatch::Kind::fresh;
    });
    if (!used && !saved.id.empty()) matches.push_back({StateMatch::Kind::abandoned, saved.id, saved.id, {}});
  }
  return matches;
}

Result<flow::Breaker*> restore_node(flow::Graph& graph, const StateMatch& match, const Snapshot& snapshot) {
  const SavedNode& saved = *saved_node(snapshot, match.saved_as);
  flow::Breaker& breaker = *stateful(graph.nodes[*graph.find(match.node)]);
  Status restored = match.kind == StateMatch::Kind::same       ? breaker.restore(saved.bytes)
                    : match.kind == StateMatch::Kind::migrated ? breaker.migrate(saved.bytes, saved.shape)
                                                               : Status{Error{match.difference, false, "shape"}};
  if (restored.ok()) return &breaker;
  if (restored.error().code == "shape") return restored.error();
  return Error{"the state of `" + match.saved_as + "` cannot be read: " + restored.error().message, false, "damaged"};
}

Status restore_state(flow::Graph& graph, Executor& executor, const Snapshot& snapshot, OnIncompatible on_incompatible,
                     Logger* log) {
  const std::vector<StateMatch> matches = compare_state(graph, snapshot);
  const bool changed = std::any_of(matches.begin(), matches.end(), [](const StateMatch& one) {
    return one.kind == StateMatch::Kind::different || one.kind == StateMatch::Kind::migrated;
  });
  if (changed && on_incompatible == OnIncompatible::reset_all) {
    if (log) log->warn("all state begins anew: the job's state has changed (`on_incompatible: reset_all`)", {});
    return {};
  }
  for (const SavedNode& saved : snapshot.nodes) {
    if (!saved.id.empty()) continue;
    const SavedState watermarks{{}, saved.bytes};
    SR_TRY(executor.restore({&watermarks, 1}));
  }
  for (const StateMatch& one : matches) {
    if (one.kind == StateMatch::Kind::abandoned) {
      if (log) log->warn("the state of a node that the job does not have any more is dropped", {{"node", one.node}});
      continue;
    }
    if (one.kind == StateMatch::Kind::fresh) continue;
    const auto restored = restore_node(graph, one, snapshot);
    if (restored.ok()) {
      if (log && one.kind == StateMatch::Kind::migrated)
        log->info("state is kept: " + one.difference, {{"node", one.node}});
      continue;
    }
    if (restored.error().code != "shape") return restored.error();
    if (on_incompatible == OnIncompatible::fail) return Error{refusal(one, one.difference), false, "shape"};
    if (log) log->warn("state begins anew: " + one.difference, {{"node", one.node}});
  }
  return {};
}

}  // namespace sr::runtime
