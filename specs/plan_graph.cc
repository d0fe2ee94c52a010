// The plan as a drawing: mermaid and dot. Entry points: plan_mermaid, plan_dot. Tested in tests/cli.
#include <fmt/format.h>

#include "specs/plan.h"

namespace sr::specs {

namespace {

std::string label_of(const PlanNode& node) {
  return node.id + "\\n" + node.type;
}

std::string edge_label(const PlanEdge& edge) {
  std::string label = edge.port;
  if (!edge.role.empty()) label += (label.empty() ? "" : ", ") + edge.role;
  return label;
}

std::string mermaid_shape(std::size_t index, const PlanNode& node) {
  const std::string text = "\"" + node.id + "<br/>" + node.type + "\"";
  switch (node.kind) {
    case NodeKind::source:
      return fmt::format("n{}([{}])", index, text);
    case NodeKind::sink:
      return fmt::format("n{}[[{}]]", index, text);
    case NodeKind::dataset:
      return fmt::format("n{}[({})]", index, text);
    default:
      return fmt::format("n{}[{}]", index, text);
  }
}

const char* dot_shape(NodeKind kind) {
  switch (kind) {
    case NodeKind::source:
      return "ellipse";
    case NodeKind::sink:
      return "box3d";
    case NodeKind::dataset:
      return "cylinder";
    default:
      return "box";
  }
}

}  // namespace

std::string plan_mermaid(const Plan& plan) {
  std::string out = "flowchart LR\n";
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) out += "  " + mermaid_shape(i, plan.nodes[i]) + "\n";
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    for (const PlanEdge& edge : plan.nodes[i].inputs) {
      const std::string label = edge_label(edge);
      out += fmt::format("  n{} -->{} n{}\n", edge.node, label.empty() ? "" : "|" + label + "|", i);
    }
  }
  return out;
}

std::string plan_dot(const Plan& plan) {
  std::string out = fmt::format("digraph \"{}\" {{\n  rankdir=LR;\n", plan.job);
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    out += fmt::format("  n{} [label=\"{}\", shape={}];\n", i, label_of(plan.nodes[i]), dot_shape(plan.nodes[i].kind));
  }
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    for (const PlanEdge& edge : plan.nodes[i].inputs) {
      const std::string label = edge_label(edge);
      out += fmt::format("  n{} -> n{}{};\n", edge.node, i, label.empty() ? "" : fmt::format(" [label=\"{}\"]", label));
    }
  }
  return out + "}\n";
}

}  // namespace sr::specs
