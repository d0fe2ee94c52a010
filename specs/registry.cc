#include "specs/registry.h"

#include <algorithm>

#include "engine/base/check.h"

namespace sr::specs {

namespace {

// The order in which groups are listed.
std::size_t group_order(const std::string& group) {
  static const std::vector<std::string> order = {"sources",  "transforms", "aggregates", "joins",   "windows",
                                                 "stateful", "learning",   "sinks",      "datasets"};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), group) - order.begin());
}

}  // namespace

const char* noun_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::source:
      return "source";
    case NodeKind::transform:
      return "transform";
    case NodeKind::sink:
      return "sink";
    case NodeKind::dataset:
      return "dataset";
  }
  return "node";
}

void Registry::add(NodeInfo info) {
  SR_CHECK(find(info.kind, info.name) == nullptr);
  nodes_.push_back(std::make_unique<NodeInfo>(std::move(info)));
}

void Registry::add_format(FormatInfo info) {
  SR_CHECK(format(info.name) == nullptr);
  formats_.push_back(std::make_unique<FormatInfo>(std::move(info)));
}

const NodeInfo* Registry::find(NodeKind kind, std::string_view name) const {
  for (const auto& node : nodes_) {
    if (node->kind == kind && node->name == name) return node.get();
  }
  return nullptr;
}

const FormatInfo* Registry::format(std::string_view name) const {
  for (const auto& format : formats_) {
    if (format->name == name) return format.get();
  }
  return nullptr;
}

std::vector<std::string> Registry::names(NodeKind kind) const {
  std::vector<std::string> names;
  for (const auto& node : nodes_) {
    if (node->kind == kind) names.push_back(node->name);
  }
  return names;
}

std::vector<std::string> Registry::format_names() const {
  std::vector<std::string> names;
  for (const auto& format : formats_) names.push_back(format->name);
  return names;
}

std::vector<const NodeInfo*> Registry::nodes() const {
  std::vector<const NodeInfo*> nodes;
  for (const auto& node : nodes_) nodes.push_back(node.get());
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const NodeInfo* a, const NodeInfo* b) { return group_order(a->group) < group_order(b->group); });
  return nodes;
}

std::vector<const FormatInfo*> Registry::formats() const {
  std::vector<const FormatInfo*> formats;
  for (const auto& format : formats_) formats.push_back(format.get());
  return formats;
}

}  // namespace sr::specs
