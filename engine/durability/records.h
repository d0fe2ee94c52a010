// What a job's journal and snapshots hold, as values: the plan, the outputs and the commit of a batch, the saved state
// of nodes, and what a start finds of all that. Entry points: encode_… and decode_… of each record's payload. Knows
// nothing of files. The bytes are described in docs/formats. Tested in tests/unit/durability.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/data/chunk.h"
#include "engine/flow/operator.h"
#include "engine/flow/source.h"

namespace sr::durability {

// What a batch is made of: durable before its first sink writes.
struct BatchPlan {
  Tick tick;
  std::map<std::string, flow::Position> positions;  // by source: behind the batch's input
  std::vector<std::string> ended;                   // sources that have ended with this batch or before
  std::map<std::string, std::string> datasets;      // by dataset: the hash of the version that the batch sees
};

// What a batch has left behind: written when every sink has committed it.
struct BatchCommit {
  Tick tick;
  std::map<std::string, std::string> tokens;       // by sink that took part
  std::map<std::string, std::uint64_t> checksums;  // by sink: of the batch's rows
};

// The state of one node in a snapshot. The id "" stands for the watermarks.
struct SavedNode {
  std::string id;
  flow::StateShape shape;
  std::string bytes;
};

// The last batch that a sink has committed, and the token that it gave.
struct SinkMark {
  std::int64_t batch = 0;
  std::string token;
};

// Everything that a job knows between two batches.
struct Snapshot {
  Tick tick;                                        // the last batch that it contains
  std::map<std::string, flow::Position> standings;  // by source
  std::vector<SavedNode> nodes;
  std::map<std::string, SinkMark> sinks;
};

// A record of a batch: the `number`-th that a source gave it, from 1. Records that cannot be decoded count too, and so
// does the header of a csv file.
struct RecordPlace {
  std::string source;
  std::uint64_t number = 0;
};

// A batch of the journal.
struct LoggedBatch {
  BatchPlan plan;
  std::optional<BatchCommit> commit;           // absent: the batch is open
  std::map<std::string, std::string> outputs;  // by node: what it was told, in the bytes given to Store::output
  std::vector<RecordPlace> skipped;            // left out of its input on purpose, each counted without those before it
  std::string spec_fingerprint;                // of the job that planned it
  int attempts = 0;                            // starts that have tried to finish it
};

// What a start finds.
struct Recovered {
  std::string folder_id;
  std::int64_t epoch = 0;  // of the run before; 0: there was none
  bool clean = true;       // the run before has ended in order, or there was none
  std::optional<Snapshot> snapshot;
  std::vector<LoggedBatch> batches;  // behind the snapshot, in order; those that are open are the last
  std::string spec_text;             // of the run before
  std::string spec_fingerprint;
  std::map<std::string, std::string> specs;  // by fingerprint: the texts of all jobs that planned `batches`
  std::map<std::string, SinkMark> sinks;     // by sink: its last commit, in the snapshot or behind it
  std::vector<std::string> notes;            // what was found and mended, for the log
};

// Payloads of the journal's records. A decode error means bytes that no writer made.
std::string encode_plan(const BatchPlan& plan);
Result<BatchPlan> decode_plan(std::string_view bytes);
std::string encode_commit(const BatchCommit& commit);
Result<BatchCommit> decode_commit(std::string_view bytes);

// What the MANIFEST of a snapshot holds: all but the bytes of its nodes, and what the journals before it told.
struct Manifest {
  struct File {
    std::uint64_t size = 0;
    std::uint32_t checksum = 0;
  };
  Snapshot snapshot;        // every node's `bytes` are empty
  std::vector<File> files;  // of the nodes, in their order
  std::int64_t epoch = 0;   // of the run that wrote it
  std::string spec_text;
  std::string spec_fingerprint;
};
std::string encode_manifest(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view bytes);

}  // namespace sr::durability
