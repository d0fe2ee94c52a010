#include "engine/runtime/state_copy.h"

#include <cstdint>

namespace sr::runtime {
namespace {

// What goes before each node's id and bytes.
struct Frame {
  std::uint64_t node_size = 0;
  std::uint64_t bytes_size = 0;
  std::uint64_t last = 0;  // 1: nothing follows, and the sizes are 0
};

std::string_view bytes_of(const Frame& frame) {
  return {reinterpret_cast<const char*>(&frame), sizeof frame};
}

}  // namespace

Result<StateCopy> StateCopy::start(const Executor& executor) {
  auto copy = ProcessCopy::start([&](const ProcessCopy::Send& send) {
    executor.each_state([&](const SavedState& state) {
      send(bytes_of({state.node.size(), state.bytes.size(), 0}));
      send(state.node);
      send(state.bytes);
    });
    send(bytes_of({0, 0, 1}));
  });
  SR_TRY(copy);
  return StateCopy(std::move(*copy));
}

Result<std::vector<SavedState>> StateCopy::receive(const GoOn& go_on) {
  std::vector<SavedState> states;
  while (true) {
    Frame frame;
    SR_TRY(copy_->receive(reinterpret_cast<char*>(&frame), sizeof frame, go_on));
    if (frame.last != 0) break;
    SavedState& state = states.emplace_back();
    state.node.resize(frame.node_size);
    SR_TRY(copy_->receive(state.node.data(), state.node.size(), go_on));
    state.bytes.resize(frame.bytes_size);
    SR_TRY(copy_->receive(state.bytes.data(), state.bytes.size(), go_on));
  }
  copy_.reset();
  return states;
}

}  // namespace sr::runtime
