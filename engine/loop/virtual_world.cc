#include "engine/loop/virtual_world.h"

#include <algorithm>
#include <cstring>

namespace sr {

// What the agenda's entries share with the stream; `handler` is null once the stream is gone.
struct ScriptedStream::Core : std::enable_shared_from_this<Core> {
  VirtualWorldPtr world;
  std::string address;
  Script script;
  StreamHandler* handler = nullptr;
  std::size_t step = 0;
  std::size_t sent = 0;  // of the present step's data
  bool planned = false;  // an entry in the agenda will go on
  bool paused = false;

  void plan(std::int64_t after_us) {
    if (planned || step >= script.size()) return;
    planned = true;
    world->schedule(world->clock.monotonic_us() + after_us, [self = shared_from_this()] {
      self->planned = false;
      if (self->handler != nullptr && !self->paused) self->play();
    });
  }

  // Hands on the present step's bytes as far as the handler takes them.
  void play() {
    const std::string& data = script[step].data;
    while (handler != nullptr && !paused && sent < data.size()) {
      const WriteSpace room = handler->on_alloc();
      const std::size_t size = std::min(room.size, data.size() - sent);
      if (size == 0) {
        paused = true;
        return;
      }
      std::memcpy(room.data, data.data() + sent, size);
      sent += size;
      handler->on_data(size);
    }
    if (handler == nullptr || sent < data.size()) return;
    finish();
  }

  void finish() {
    const ScriptStep done = script[step];
    ++step;
    sent = 0;
    if (done.error || done.end) {
      step = script.size();
      return done.error ? handler->on_error(*done.error) : handler->on_end();
    }
    if (step < script.size()) plan(script[step].after_us);
  }
};

ScriptedStream::ScriptedStream(VirtualWorldPtr world, std::string address, Script script)
    : core_(std::make_shared<Core>()) {
  core_->world = std::move(world);
  core_->address = std::move(address);
  core_->script = std::move(script);
}

ScriptedStream::~ScriptedStream() {
  core_->handler = nullptr;
}

void ScriptedStream::begin(StreamHandler& handler, bool say_connected) {
  core_->handler = &handler;
  core_->world->schedule(core_->world->clock.monotonic_us(), [core = core_, say_connected] {
    if (core->handler != nullptr && say_connected) core->handler->on_connected();
    if (core->handler != nullptr && !core->script.empty()) core->plan(core->script.front().after_us);
  });
}

void ScriptedStream::pause() {
  core_->paused = true;
}

void ScriptedStream::resume() {
  if (!core_->paused) return;
  core_->paused = false;
  core_->plan(0);
}

void ScriptedStream::write(std::string data) {
  core_->world->written[core_->address] += data;
}

std::string ScriptedStream::peer() const {
  return core_->address;
}

}  // namespace sr
