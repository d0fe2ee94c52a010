// The bind pass's side of BindContext: one per node under binding. Private to the bind pass.
#pragma once

#include <string>
#include <vector>

#include "specs/bound_job.h"
#include "specs/registry.h"

namespace sr::specs {

// What is under binding.
struct BindTarget {
  const NodeSpec& node;
  const std::vector<InputInfo>& inputs;
  const JobFacts& facts;
};

class NodeBindContext final : public BindContext {
 public:
  NodeBindContext(BindTarget target, const Registry& registry, Diagnostics& diagnostics)
      : target_(target), registry_(registry), diagnostics_(diagnostics) {}

  const std::string& id() const override { return target_.node.id; }
  const JobFacts& job() const override { return target_.facts; }
  const std::vector<InputInfo>& inputs() const override { return target_.inputs; }
  const FormatConfig& format() const override { return target_.node.common.format; }
  SchemaRef source_schema() override;
  bool can_write(const Schema& schema) override;
  Span node_span() const override { return target_.node.id_span; }
  Span key_span(std::string_view option) const override;
  Span value_span(std::string_view option) const override;
  bool has_option(std::string_view option) const override { return target_.node.options.find(option) != nullptr; }
  EmitMode emit() const override { return target_.node.common.emit; }
  void report(Diagnostic diagnostic) override;

 private:
  BindTarget target_;
  const Registry& registry_;
  Diagnostics& diagnostics_;
};

}  // namespace sr::specs
