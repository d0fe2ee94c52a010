#include "engine/runtime/renames.h"

#include <algorithm>

namespace sr::runtime {
namespace {

template <class Work>
bool is_a(const flow::Graph& graph, const std::string& id) {
  const auto node = graph.find(id);
  return node && std::holds_alternative<Work>(graph.nodes[*node].work);
}

// What is known of one source.
struct Known {
  flow::Position standing;
  std::int64_t batch = 0;
};

std::map<std::string, Known> known_sources(const durability::Recovered& found) {
  std::map<std::string, Known> known;
  if (found.snapshot) {
    for (const auto& [id, standing] : found.snapshot->standings) {
      if (!standing.empty()) known[id].standing = standing;
    }
  }
  for (const durability::LoggedBatch& batch : found.batches) {
    for (const auto& [id, position] : batch.plan.positions) {
      if (!position.empty()) known[id].batch = batch.plan.tick.id;
    }
  }
  return known;
}

}  // namespace

bool carry_standings(const flow::Graph& graph, std::map<std::string, flow::Position>& by_source) {
  bool moved = false;
  for (const flow::Node& node : graph.nodes) {
    if (!std::holds_alternative<flow::SourceNode>(node.work) || node.was.empty() || by_source.contains(node.id))
      continue;
    auto former = by_source.extract(node.was);
    if (former.empty()) continue;
    former.key() = node.id;
    by_source.insert(std::move(former));
    moved = true;
  }
  return moved;
}

std::map<std::string, flow::Position> take_unknown(const flow::Graph& graph,
                                                   std::map<std::string, flow::Position>& by_source) {
  std::map<std::string, flow::Position> unknown;
  for (auto at = by_source.begin(); at != by_source.end();) {
    const auto entry = at++;
    if (!is_a<flow::SourceNode>(graph, entry->first)) unknown.insert(by_source.extract(entry));
  }
  return unknown;
}

bool carry_marks(const flow::Graph& graph, std::map<std::string, durability::SinkMark>& by_sink) {
  bool moved = false;
  for (const flow::Node& node : graph.nodes) {
    if (!std::holds_alternative<flow::SinkNode>(node.work) || node.was.empty()) continue;
    auto former = by_sink.extract(node.was);
    if (former.empty()) continue;
    durability::SinkMark& mark = by_sink[node.id];
    if (former.mapped().batch > mark.batch) mark = std::move(former.mapped());
    moved = true;
  }
  return moved;
}

std::vector<EndMatch> compare_ends(const flow::Graph& graph, const durability::Recovered& found) {
  std::map<std::string, Known> sources = known_sources(found);
  std::map<std::string, durability::SinkMark> sinks = found.sinks;
  std::vector<EndMatch> matches;
  for (const flow::Node& node : graph.nodes) {
    EndMatch match{EndMatch::Kind::fresh, std::holds_alternative<flow::SourceNode>(node.work), node.id, node.id, {}, 0};
    if (match.source) {
      auto known = sources.extract(node.id);
      if (known.empty() && !node.was.empty()) known = sources.extract(node.was);
      if (!known.empty())
        match = {EndMatch::Kind::kept, true, node.id, known.key(), known.mapped().standing, known.mapped().batch};
    } else if (std::holds_alternative<flow::SinkNode>(node.work)) {
      auto mark = sinks.extract(node.id);
      auto former = node.was.empty() ? decltype(mark){} : sinks.extract(node.was);
      if (mark.empty() || (!former.empty() && former.mapped().batch > mark.mapped().batch)) mark = std::move(former);
      if (!mark.empty()) match = {EndMatch::Kind::kept, false, node.id, mark.key(), {}, mark.mapped().batch};
    } else {
      continue;
    }
    matches.push_back(std::move(match));
  }
  for (auto& [id, known] : sources)
    matches.push_back({EndMatch::Kind::abandoned, true, id, id, std::move(known.standing), known.batch});
  for (const auto& [id, mark] : sinks) matches.push_back({EndMatch::Kind::abandoned, false, id, id, {}, mark.batch});
  return matches;
}

std::string shown_position(const flow::Position& position) {
  constexpr std::size_t kMost = 160;
  std::string text = position.substr(0, kMost);
  std::replace(text.begin(), text.end(), '\n', ';');
  while (text.ends_with(';')) text.pop_back();
  return position.size() > kMost ? text + "…" : text;
}

}  // namespace sr::runtime
