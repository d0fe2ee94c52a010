// The world around a simulated job: who sends, what a network makes of it, and what sinks at its other end hold.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/loop/virtual_loop.h"

namespace sr::runtime::test {

// The ids of the rows that stand whole in a text.
inline std::set<std::int64_t> ids_in(std::string_view text) {
  std::set<std::int64_t> ids;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with("{\"id\":") && line.ends_with("}")) ids.insert(std::strtoll(line.data() + 6, nullptr, 10));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return ids;
}

class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(std::uint64_t seed) : dice_(seed ^ 0x6e6574) {}

  // Rows that nobody has sent before, fewer than `most`.
  std::string some_rows(std::uint64_t most) {
    std::string text;
    for (auto rows = dice_.below(most); rows > 0; --rows) {
      const char key = static_cast<char>('a' + dice_.below(3));
      text += "{\"id\":" + std::to_string(next_id_++) + ",\"k\":\"" + key + "\"}\n";
    }
    return text;
  }

  // What the connections that a process makes will bring; behind them nobody answers any more.
  void plan(VirtualLoop& loop) {
    for (auto connections = dice_.below(4); connections > 0; --connections)
      loop.script_connection("server:9", conversation());
  }

  // Lets a peer call, or not, where the process waits for peers.
  void call(VirtualLoop& loop) {
    if (dice_.below(2) == 0) loop.connect_peer("127.0.0.1:9", conversation());
  }

  // The way of a message: now and then it does not arrive.
  Status way(const char* lost) { return dice_.below(12) == 0 ? Status(Error{lost, true, "ECONNRESET"}) : Status(); }

  // Of each connection a beginning may have come, and nothing behind what has not. Gives what is wrong.
  std::string gap(const std::function<bool(std::int64_t id)>& has_come) const {
    for (const auto& ids : conversations_) {
      bool missing = false;
      for (const std::int64_t id : ids) {
        if (missing && has_come(id)) return "row " + std::to_string(id) + " came, but not those before it";
        missing = missing || !has_come(id);
      }
    }
    return "";
  }

 private:
  // Rows in pieces of any size, with pauses; then the other side is silent, goes, or the connection breaks.
  Script conversation() {
    const std::string text = some_rows(7);
    conversations_.push_back(ids_in(text));
    Script script;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t size = std::min<std::size_t>(text.size() - at, 1 + dice_.below(60));
      script.push_back({static_cast<std::int64_t>(dice_.below(600)) * 1000, text.substr(at, size)});
      at += size;
      if (dice_.below(20) == 0) break;  // the rest is lost
    }
    const auto end = dice_.below(3);
    const std::int64_t after = static_cast<std::int64_t>(dice_.below(2000)) * 1000;
    if (end == 1) script.push_back({after, "", true});
    if (end == 2) script.push_back({after, "", false, Error{"connection reset by peer", true, "ECONNRESET"}});
    return script;
  }

  SeededRandom dice_;
  std::int64_t next_id_ = 1;
  std::vector<std::set<std::int64_t>> conversations_;  // ids of each, ascending
};

// What no crash of the job touches.
struct SimulatedWorld {
  explicit SimulatedWorld(std::uint64_t seed) : world(seed), network(seed) {}
  VirtualEnvironment world;
  SimulatedNetwork network;
  std::map<std::string, std::map<std::int64_t, std::string>> sinks;  // by sink and batch: rows
  std::set<std::int64_t> promised;  // ids of rows in batches that a sink may have begun
};

}  // namespace sr::runtime::test
