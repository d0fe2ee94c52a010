// The insides of VirtualLoop: what is to happen when, who listens where, and streams that follow a script.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "engine/loop/virtual_loop.h"

namespace sr {

struct VirtualLoop::World {
  using Key = std::pair<std::int64_t, std::uint64_t>;  // time, then order of scheduling

  explicit World(VirtualClock& c) : clock(c) {}

  // Plans `task` for a time; the key is for unschedule().
  Key schedule(std::int64_t at_us, Task task) {
    const Key key{at_us, ++last};
    agenda.emplace(key, std::move(task));
    return key;
  }
  void unschedule(const Key& key) { agenda.erase(key); }

  VirtualClock& clock;
  std::map<Key, Task> agenda;
  std::uint64_t last = 0;
  std::mutex posted_mutex;
  std::deque<Task> posted;

  std::map<std::string, std::deque<Script>> connections;
  std::deque<Script> stdin_scripts;
  std::map<std::string, std::string> written;
  std::map<std::string, AcceptPeer> listeners;
  std::map<std::string, DatagramHandler*> receivers;
  std::multimap<std::string, std::pair<std::uint64_t, Task>> watches;  // by path, with a number to remove by
};

using VirtualWorldPtr = std::shared_ptr<VirtualLoop::World>;

// A stream that plays a script to its handler.
class ScriptedStream final : public Stream {
 public:
  ScriptedStream(VirtualWorldPtr world, std::string address, Script script);
  ~ScriptedStream() override;
  ScriptedStream(const ScriptedStream&) = delete;
  ScriptedStream& operator=(const ScriptedStream&) = delete;

  // Begins to play, from the agenda; says on_connected first if asked.
  void begin(StreamHandler& handler, bool say_connected);

  void pause() override;
  void resume() override;
  void write(std::string data) override;
  std::size_t unsent() const override { return 0; }
  void end_writing() override {}
  std::string peer() const override;

  struct Core;

 private:
  std::shared_ptr<Core> core_;  // shared with the entries in the agenda
};

}  // namespace sr
