#include "engine/runtime/watermarks.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>

namespace sr::runtime {

namespace {

std::int64_t held_back(std::int64_t watermark, std::int64_t by) {
  if (watermark == kNoWatermark || watermark == kEndOfTime) return watermark;
  return watermark < kNoWatermark + by ? kNoWatermark : watermark - by;
}

}  // namespace

Watermarks::Watermarks(const flow::Graph& graph, const Wiring& wiring)
    : graph_(graph), wiring_(wiring), sources_(graph.nodes.size()), nodes_(graph.nodes.size(), kNoWatermark) {}

const flow::SourceNode& Watermarks::source(std::uint32_t node) const {
  return std::get<flow::SourceNode>(graph_.nodes[node].work);
}

void Watermarks::saw(std::uint32_t source, std::int64_t rows, std::int64_t latest_us) {
  sources_[source].latest_us = std::max(sources_[source].latest_us, latest_us);
  sources_[source].brought_rows |= rows > 0;
}

std::int64_t Watermarks::of_source(std::uint32_t node) const {
  if (sources_[node].ended) return kEndOfTime;
  const std::int64_t latest = sources_[node].latest_us;
  return latest == kNoWatermark ? kNoWatermark : latest - source(node).delay_us;
}

bool Watermarks::idle(std::uint32_t node, const Tick& tick) const {
  const std::int64_t after = source(node).idle_after_ms;
  return after > 0 && tick.time_ms - sources_[node].active_ms >= after;
}

bool Watermarks::ended(std::uint32_t node) const {
  const auto& above = wiring_.node(node).sources;
  return !above.empty() &&
         std::all_of(above.begin(), above.end(), [&](std::uint32_t at) { return sources_[at].ended; });
}

void Watermarks::advance(const Tick& tick) {
  moved_ = false;
  for (std::uint32_t node = 0; node < sources_.size(); ++node) {
    if (wiring_.node(node).kind != NodeKind::source || source(node).idle_after_ms == 0) continue;
    SourceTime& at = sources_[node];
    if (at.brought_rows) {
      at.active_ms = tick.time_ms;
    } else if (at.active_ms == 0) {
      at.active_ms = tick.previous_ms != 0 ? tick.previous_ms : tick.time_ms;
      moved_ = true;
    }
    at.brought_rows = false;
  }
  // What readers of each node see; nothing of those that hold nobody back.
  std::vector<std::optional<std::int64_t>> shown(nodes_.size());
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const std::int64_t before = nodes_[node];
    std::optional<std::int64_t> least;
    if (wiring_.node(node).kind == NodeKind::source) {
      if (source(node).event_time && !idle(node, tick)) least = of_source(node);
    }
    for (const flow::Edge& edge : graph_.nodes[node].inputs) {
      if (shown[edge.node]) least = std::min(least.value_or(kEndOfTime), *shown[edge.node]);
    }
    if (ended(node)) {
      least = kEndOfTime;
      nodes_[node] = kEndOfTime;
    } else if (least) {
      nodes_[node] = std::max(nodes_[node], *least);
    }
    moved_ = moved_ || nodes_[node] != before;
    shown[node] = least ? std::optional(held_back(*least, graph_.nodes[node].hold_back_us)) : std::nullopt;
  }
}

void Watermarks::snapshot(std::string& out) const {
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const std::string& id = graph_.nodes[i].id;
    const std::int64_t values[4] = {static_cast<std::int64_t>(id.size()), nodes_[i], sources_[i].latest_us,
                                    sources_[i].active_ms};
    out.append(reinterpret_cast<const char*>(values), sizeof(values));
    out += id;
  }
}

Status Watermarks::restore(std::string_view in) {
  using Values = std::array<std::int64_t, 4>;
  std::map<std::string_view, Values> saved;
  while (!in.empty()) {
    Values values;
    if (in.size() < sizeof(values)) return Error{"the saved watermarks are damaged", false, "damaged"};
    std::memcpy(values.data(), in.data(), sizeof(values));
    in.remove_prefix(sizeof(values));
    if (values[0] < 0 || in.size() < static_cast<std::size_t>(values[0]))
      return Error{"the saved watermarks are damaged", false, "damaged"};
    saved[in.substr(0, static_cast<std::size_t>(values[0]))] = values;
    in.remove_prefix(static_cast<std::size_t>(values[0]));
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    auto found = saved.find(graph_.nodes[i].id);
    if (found == saved.end() && !graph_.nodes[i].was.empty()) found = saved.find(graph_.nodes[i].was);
    if (found == saved.end()) continue;
    nodes_[i] = found->second[1];
    sources_[i].latest_us = found->second[2];
    sources_[i].active_ms = found->second[3];
  }
  return {};
}

}  // namespace sr::runtime
