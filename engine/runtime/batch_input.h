// BatchInput: the input of a batch that is run again, record by record: a part of it can be taken, a record left out or
// shown. Entry points: BatchInput::read, first, leave_out, show. Knows nothing of executing. Tested in
// tests/unit/runtime/batch_input_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/durability/records.h"
#include "engine/flow/buffer_pool.h"
#include "engine/flow/graph.h"

namespace sr::runtime {

using durability::RecordPlace;

// A record for a person.
struct ShownRecord {
  RecordPlace place;
  std::string where;  // file and byte; empty where the input was no file
  std::string text;   // readable, cut after 200 bytes; empty where the input was no text
};

class BatchInput {
 public:
  explicit BatchInput(const flow::Graph& graph) : graph_(&graph) {}

  // Adds what a source gave, in the order of the graph.
  void add(std::uint32_t node, flow::SourceSlice slice);
  // Reads what is still in files, which every method below but `take` needs.
  Status read();

  // Records in all.
  std::uint64_t count() const;
  // The input up to the `records`-th record, all sources one after the other.
  BatchInput first(std::uint64_t records) const;
  // Leaves out a record; false if there is no such record.
  bool leave_out(const RecordPlace& place);
  // The `record`-th record, from 1, all sources one after the other. It must be there.
  ShownRecord show(std::uint64_t record) const;

  // Hands the input to whoever executes it, in order.
  void take(const std::function<void(std::uint32_t node, flow::SourceSlice slice)>& to) &&;

 private:
  struct Part {
    std::uint32_t node = 0;
    flow::InputPiece piece;
    std::uint64_t records = 0;  // known when it was read
    std::string path;           // of the file that it was read from
    std::int64_t offset = 0;    // there
  };
  const flow::SourceNode& source_of(const Part& part) const;
  Status read(Part& part);
  std::uint64_t count_records(const Part& part) const;
  std::size_t record_size(const Part& part, std::string_view bytes) const;
  std::size_t bytes_of(const Part& part, std::uint64_t records) const;
  // Records from … from + count - 1 of a part, from 0.
  Part slice(const Part& part, std::uint64_t from, std::uint64_t count) const;

  const flow::Graph* graph_;
  flow::BufferPool buffers_;
  std::vector<Part> parts_;
};

}  // namespace sr::runtime
