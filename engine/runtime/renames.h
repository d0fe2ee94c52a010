// Carries what a job has on disk over to the ids that its sources and sinks have now: what stands under the id that a
// node names as `was` becomes the node's own. Entry points: carry_standings, carry_marks, compare_ends. Knows nothing
// of state, see state_restore.h. Tested in tests/unit/runtime/renames_test.cc and tests/cli/renames.py.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/durability/records.h"
#include "engine/flow/graph.h"

namespace sr::runtime {

// Moves positions of sources to their present ids. True if one was moved.
bool carry_standings(const flow::Graph& graph, std::map<std::string, flow::Position>& by_source);
// Takes out the positions of sources that the graph does not have, and gives them.
std::map<std::string, flow::Position> take_unknown(const flow::Graph& graph,
                                                   std::map<std::string, flow::Position>& by_source);
// Moves the marks of sinks to their present ids; of two marks the one of the later batch counts, as the other is older
// than the rename. Marks of sinks that the graph does not have stay: such a sink may come back. True if one was moved.
bool carry_marks(const flow::Graph& graph, std::map<std::string, durability::SinkMark>& by_sink);

// What becomes of a source's position or a sink's mark.
struct EndMatch {
  enum class Kind : std::uint8_t {
    kept,      // it goes on where it stood
    fresh,     // nothing is known of it
    abandoned  // the source or sink that it belonged to is not there any more
  };
  Kind kind = Kind::kept;
  bool source = true;  // else a sink
  std::string node;
  std::string saved_as;     // the id in the folder
  flow::Position standing;  // of a source, if a snapshot tells it
  std::int64_t batch = 0;   // the last one known of it; 0: of a source that has given none since the snapshot
};

// Compares what a folder knows of sources and sinks with those of the graph; changes nothing.
std::vector<EndMatch> compare_ends(const flow::Graph& graph, const durability::Recovered& found);

// A position for a person: one line, shortened.
std::string shown_position(const flow::Position& position);

}  // namespace sr::runtime
