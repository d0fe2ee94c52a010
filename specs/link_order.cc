#include "specs/link_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>

namespace sr::specs {

namespace {

// The nodes that each node reads.
std::vector<std::vector<std::uint32_t>> edges_of(const LinkedJob& linked) {
  std::vector<std::vector<std::uint32_t>> edges(linked.inputs.size());
  for (std::size_t i = 0; i < edges.size(); ++i) {
    for (const LinkedInput& input : linked.inputs[i]) {
      for (const LinkedRef& ref : input.refs) {
        if (ref.node) edges[i].push_back(*ref.node);
      }
    }
  }
  return edges;
}

// The shortest way along `edges` from a node back to itself; empty: there is none.
std::vector<std::uint32_t> way_back(std::uint32_t start, const std::vector<std::vector<std::uint32_t>>& edges) {
  constexpr std::uint32_t kNone = UINT32_MAX;
  std::vector<std::uint32_t> from(edges.size(), kNone);
  std::queue<std::uint32_t> open;
  open.push(start);
  while (!open.empty()) {
    const std::uint32_t at = open.front();
    open.pop();
    for (const std::uint32_t next : edges[at]) {
      if (next == start) {
        std::vector<std::uint32_t> way{start};
        for (std::uint32_t node = at; node != start; node = from[node]) way.insert(way.begin() + 1, node);
        return way;
      }
      if (from[next] != kNone) continue;
      from[next] = at;
      open.push(next);
    }
  }
  return {};
}

// Marks the nodes that are not placed and from which no cycle can be read back.
std::vector<bool> below_cycles(const std::vector<std::vector<std::uint32_t>>& edges, const std::vector<bool>& placed) {
  std::vector<std::size_t> read_by(edges.size());
  for (std::uint32_t i = 0; i < edges.size(); ++i) {
    for (const std::uint32_t input : edges[i]) read_by[input] += placed[i] ? 0 : 1;
  }
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < edges.size(); ++i) {
    if (!placed[i] && read_by[i] == 0) open.push_back(i);
  }
  std::vector<bool> below(edges.size(), false);
  while (!open.empty()) {
    const std::uint32_t node = open.back();
    open.pop_back();
    below[node] = true;
    for (const std::uint32_t input : edges[node]) {
      if (--read_by[input] == 0 && !placed[input]) open.push_back(input);
    }
  }
  return below;
}

void report_cycle(const JobSpec& job, const LinkedJob& linked, const std::vector<std::uint32_t>& way,
                  Diagnostics& diagnostics) {
  std::string text;
  for (std::size_t i = 0; i < way.size(); ++i) {
    const std::string& next = job.nodes[way[(i + 1) % way.size()]].id;
    text +=
        i == 0 ? fmt::format("`{}` reads `{}`", job.nodes[way[0]].id, next) : fmt::format(", which reads `{}`", next);
  }
  Span span = job.nodes[way[0]].id_span;
  for (const LinkedInput& input : linked.inputs[way[0]]) {
    for (const LinkedRef& ref : input.refs) {
      if (ref.node == way[1]) span = ref.span;
    }
  }
  diagnostics.add({.code = "SR4002",
                   .message = "a cycle: " + text,
                   .span = span,
                   .help = "a stream flows one way: let one of them read something else"});
}

}  // namespace

void order_nodes(const JobSpec& job, LinkedJob& linked, Diagnostics& diagnostics) {
  const std::vector<std::vector<std::uint32_t>> edges = edges_of(linked);
  const std::size_t count = edges.size();
  std::vector<std::vector<std::uint32_t>> readers(count);
  std::vector<std::size_t> waiting(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    waiting[i] = edges[i].size();
    for (const std::uint32_t input : edges[i]) readers[input].push_back(i);
  }
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (waiting[i] == 0) ready.push(i);
  }
  std::vector<bool> placed(count, false);
  while (!ready.empty()) {
    const std::uint32_t node = ready.top();
    ready.pop();
    linked.order.push_back(node);
    placed[node] = true;
    for (const std::uint32_t reader : readers[node]) {
      if (--waiting[reader] == 0) ready.push(reader);
    }
  }
  if (linked.order.size() == count) return;
  // What is left lies on cycles or below them; what nobody left reads lies below.
  std::vector<bool> reported = below_cycles(edges, placed);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (placed[i]) continue;
    linked.order.push_back(i);
    if (reported[i]) continue;
    const std::vector<std::uint32_t> way = way_back(i, edges);
    if (way.empty() || std::any_of(way.begin(), way.end(), [&](std::uint32_t node) { return reported[node]; }))
      continue;
    for (const std::uint32_t node : way) reported[node] = true;
    report_cycle(job, linked, way, diagnostics);
  }
}

}  // namespace sr::specs
