// What is known of sources and sinks under the ids that they had before.
#include "engine/runtime/renames.h"

#include <catch2/catch.hpp>

using namespace sr;
using namespace sr::runtime;

namespace {

flow::Node node(const std::string& id, const std::string& was, bool source) {
  flow::Node made;
  made.id = id;
  made.was = was;
  if (source)
    made.work = flow::SourceNode{};
  else
    made.work = flow::SinkNode{};
  return made;
}

flow::Graph graph_of(const std::string& source_was, const std::string& sink_was) {
  flow::Graph graph;
  graph.nodes.push_back(node("in", source_was, true));
  graph.nodes.push_back(node("out", sink_was, false));
  return graph;
}

using Marks = std::map<std::string, durability::SinkMark>;

}  // namespace

TEST_CASE("a source takes over the position of its former name, unless it has one of its own") {
  std::map<std::string, flow::Position> standings{{"old", "7"}, {"gone", "9"}};
  CHECK(carry_standings(graph_of("old", ""), standings));
  CHECK(standings == std::map<std::string, flow::Position>{{"in", "7"}, {"gone", "9"}});
  CHECK_FALSE(carry_standings(graph_of("gone", ""), standings));
  CHECK(standings.at("in") == "7");
  const auto unknown = take_unknown(graph_of("", ""), standings);
  CHECK(unknown == std::map<std::string, flow::Position>{{"gone", "9"}});
  CHECK(standings == std::map<std::string, flow::Position>{{"in", "7"}});
}

TEST_CASE("a sink takes over the mark of its former name, of two the later one") {
  const flow::Graph graph = graph_of("", "old");
  Marks marks{{"old", {4, "token"}}};
  CHECK(carry_marks(graph, marks));
  REQUIRE(marks.size() == 1);
  CHECK(marks.at("out").batch == 4);
  CHECK(marks.at("out").token == "token");
  marks = {{"old", {4, "older"}}, {"out", {6, "own"}}, {"other", {2, ""}}};
  CHECK(carry_marks(graph, marks));
  CHECK(marks.size() == 2);
  CHECK(marks.at("out").token == "own");
  CHECK_FALSE(carry_marks(graph, marks));
}

TEST_CASE("what becomes of each source and sink is told without changing anything") {
  durability::Recovered found;
  found.snapshot.emplace();
  found.snapshot->standings = {{"old", "7"}, {"gone", "3"}, {"unread", ""}};
  durability::LoggedBatch batch;
  batch.plan.tick.id = 5;
  batch.plan.positions = {{"old", "8"}};
  found.batches.push_back(batch);
  found.sinks = {{"left", {4, ""}}};
  const auto matches = compare_ends(graph_of("old", ""), found);
  REQUIRE(matches.size() == 4);
  CHECK(matches[0].kind == EndMatch::Kind::kept);
  CHECK(matches[0].saved_as == "old");
  CHECK(matches[0].batch == 5);
  CHECK(matches[1].kind == EndMatch::Kind::fresh);
  CHECK_FALSE(matches[1].source);
  CHECK(matches[2].kind == EndMatch::Kind::abandoned);
  CHECK(matches[2].node == "gone");
  CHECK(matches[2].standing == "3");
  CHECK(matches[3].kind == EndMatch::Kind::abandoned);
  CHECK(matches[3].node == "left");
  CHECK(shown_position("5 a.txt 1\n5 b.txt 2\n") == "5 a.txt 1;5 b.txt 2");
}
