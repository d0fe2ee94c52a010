// Watermarks: how far event time has come, per source and per node. Advanced at the end of a batch only. Entry point:
// Watermarks. Knows nothing of windows. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/runtime/wiring.h"

namespace sr::runtime {

class Watermarks {
 public:
  Watermarks(const flow::Graph& graph, const Wiring& wiring);

  // What a source brought in this batch; `latest_us` is kNoWatermark if nothing had an event time.
  void saw(std::uint32_t source, std::int64_t rows, std::int64_t latest_us);
  // Says that nothing comes from a source any more.
  void source_ended(std::uint32_t source) { sources_[source].ended = true; }
  // Ends the batch: every node's watermark is its inputs' least, less what these hold back; a source that was silent
  // for idle_after holds nobody back.
  void advance(const Tick& tick);

  // True if the last advance() changed anything that later ones go by.
  bool moved() const { return moved_; }

  std::int64_t of(std::uint32_t node) const { return nodes_[node]; }
  // True if all sources above a node have ended.
  bool ended(std::uint32_t node) const;

  // By the ids of the nodes: what another graph does not have is passed over.
  void snapshot(std::string& out) const;
  Status restore(std::string_view in);

 private:
  struct SourceTime {
    std::int64_t latest_us = kNoWatermark;
    std::int64_t active_ms = 0;  // with idle_after: time of the last batch with rows; 0: of the first batch
    bool brought_rows = false;
    bool ended = false;
  };
  std::int64_t of_source(std::uint32_t source) const;
  bool idle(std::uint32_t source, const Tick& tick) const;
  const flow::SourceNode& source(std::uint32_t node) const;

  const flow::Graph& graph_;
  const Wiring& wiring_;
  std::vector<SourceTime> sources_;  // by node index
  std::vector<std::int64_t> nodes_;
  bool moved_ = false;
};

}  // namespace sr::runtime
