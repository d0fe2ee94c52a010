// What is told of a folder's content, as text; see life.h.
#include <fmt/format.h>

#include "engine/data/type.h"
#include "life.h"

namespace sr::durability {

namespace {

std::string describe(const Tick& tick) {
  return fmt::format("{} {} {} {}", tick.id, tick.time_ms, tick.previous_ms, tick.last);
}

std::string describe(const std::map<std::string, std::string>& texts) {
  std::string out;
  for (const auto& [key, value] : texts) out += fmt::format(" {}={}", key, value);
  return out;
}

std::string describe(const std::map<std::string, SinkMark>& sinks) {
  std::string out;
  for (const auto& [sink, mark] : sinks) out += fmt::format(" {}={}:{}", sink, mark.batch, mark.token);
  return out;
}

}  // namespace

Snapshot snapshot_of(std::int64_t batch) {
  Snapshot snapshot;
  snapshot.tick = {batch, batch * 1000, batch * 1000 - 1000, false};
  snapshot.standings = {{"lines", fmt::format("at {}", batch * 10)}};
  snapshot.nodes.push_back({"", {{}, 0, "watermarks"}, fmt::format("w{}", batch)});
  snapshot.nodes.push_back({"count",
                            {{{"word", types::string()}, {"n", types::bigint()}}, 1, "keyed"},
                            std::string(40, 'a' + static_cast<char>(batch % 26))});
  snapshot.sinks = {{"out", {batch, fmt::format("token {}", batch)}}};
  return snapshot;
}

std::string describe(const Snapshot& snapshot) {
  std::string out = fmt::format("snapshot {}:{};{}\n", describe(snapshot.tick), describe(snapshot.standings),
                                describe(snapshot.sinks));
  for (const SavedNode& node : snapshot.nodes) {
    out += fmt::format("  node `{}` {} {}", node.id, node.shape.key_columns, node.shape.detail);
    for (const Field& field : node.shape.fields) out += fmt::format(" {} {}", field.name, field.type->name());
    out += fmt::format(" = {}\n", node.bytes);
  }
  return out;
}

std::string describe(const std::vector<LoggedBatch>& batches) {
  std::string out;
  for (const LoggedBatch& batch : batches) {
    out +=
        fmt::format("batch {}:{};{}; spec {}; attempts {};", describe(batch.plan.tick), describe(batch.plan.positions),
                    describe(batch.plan.datasets), batch.spec_fingerprint, batch.attempts);
    for (const std::string& source : batch.plan.ended) out += " ended " + source;
    out += ";" + describe(batch.outputs);
    if (batch.commit) {
      out += fmt::format("; commit {}:{};", describe(batch.commit->tick), describe(batch.commit->tokens));
      for (const auto& [sink, checksum] : batch.commit->checksums) out += fmt::format(" {}#{}", sink, checksum);
    }
    out += '\n';
  }
  return out;
}

std::string describe(const Recovered& found) {
  return fmt::format("epoch {} clean {} spec {} `{}`\n", found.epoch, found.clean, found.spec_fingerprint,
                     found.spec_text) +
         (found.snapshot ? describe(*found.snapshot) : std::string()) + describe(found.batches) + describe(found.sinks);
}

}  // namespace sr::durability
