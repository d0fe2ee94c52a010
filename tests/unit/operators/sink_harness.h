// Drives one sink of a job as a durable job would: batches of one text column, a journal that keeps what was committed,
// and deaths in between.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env_virtual.h"
#include "operators/catalogue.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

namespace sr::operators::test {

// Makes the sink `out` of a job whose source `in` has the columns of `schema` (YAML).
class SinkMaker {
 public:
  SinkMaker(const std::string& schema, const std::string& options) {
    register_all(registry_);
    specs::CompileInput input;
    input.path = "job.yaml";
    input.text = "version: 1\nname: archive\nbatch: {interval: 1s}\nsources:\n  in: {type: inline, schema: " + schema +
                 ", batches: []}\nsinks:\n  out: {input: in, " + options + "}\n";
    Diagnostics diagnostics;
    job_ = specs::compile(input, registry_, sources_, diagnostics);
    for (const Diagnostic& finding : diagnostics.items()) UNSCOPED_INFO(finding.message);
    REQUIRE(job_->sound);
  }
  std::unique_ptr<flow::Sink> make() const {
    flow::Graph graph = specs::instantiate(*job_->bound, registry_);
    return std::move(std::get<flow::SinkNode>(graph.nodes[*graph.find("out")].work).sink);
  }
  // What `--check-env` would say of the sink.
  std::vector<std::string> probe() const {
    for (const specs::BoundEntry& node : job_->bound->nodes) {
      if (node.id == "out") return node.bound->probe(real_environment());
    }
    return {};
  }
  SchemaRef schema() const { return job_->bound->nodes[0].bound->ports[0].schema; }

 private:
  specs::Registry registry_;
  SourceMap sources_;
  std::unique_ptr<specs::CompiledJob> job_;
};

// What the journal of a job holds about its sink.
struct SinkJournal {
  std::optional<std::int64_t> batch;
  std::string token;
  Tick planned;  // id 0: the committed batch
};

inline flow::SinkContext durable_context(Environment& env, const SinkJournal& journal) {
  flow::SinkContext context;
  context.env = &env;
  context.job = "archive";
  context.id = "out";
  context.folder_id = "f1";
  context.epoch = 1;
  context.durable = true;
  context.last_batch = journal.batch;
  context.last_token = journal.token;
  context.planned = journal.planned;
  if (journal.planned.id == 0 && journal.batch) context.planned = {*journal.batch, *journal.batch * 1000, 0, false};
  return context;
}

// One attempt at one batch.
inline Result<std::string> commit_batch(flow::Sink& sink, const std::vector<Chunk>& chunks, const Tick& tick) {
  std::vector<std::unique_ptr<flow::Encoded>> pieces;  // live until the commit
  for (const Chunk& chunk : chunks) pieces.push_back(sink.encode(chunk, tick));
  Status status = sink.begin(tick);
  for (const auto& piece : pieces) {
    if (!status.ok()) break;
    status = sink.write(*piece);
  }
  if (status.ok()) {
    Result<std::string> token = sink.commit(tick);
    if (token.ok()) return token;
    status = token.error();
  }
  sink.abort(tick);
  return status.error();
}

}  // namespace sr::operators::test
