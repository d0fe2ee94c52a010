// The state of a job's nodes in a snapshot, as rows: each is read by the operator that the job has now or, where the
// job was edited since, by that of a text that the folder holds. Knows nothing of printing. Tested in
// tests/cli/state.py.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/durability/records.h"
#include "engine/flow/graph.h"

namespace sr::cli {

class SavedStates {
 public:
  using MakeFormer = std::function<Result<flow::Graph>(const std::string& text)>;
  // `found` has a snapshot and outlives the object.
  SavedStates(const durability::Recovered& found, flow::Graph present, MakeFormer make_former)
      : found_(found), present_(std::move(present)), make_former_(std::move(make_former)) {}

  // The nodes that have a state in the snapshot, by their present ids.
  std::vector<std::string> nodes() const;
  // Gives the rows of a node, which may be named by the id under which it was saved. Once for each node.
  Status list(const std::string& node, const flow::StateReader& read);

 private:
  const durability::Recovered& found_;
  flow::Graph present_;
  MakeFormer make_former_;
};

}  // namespace sr::cli
