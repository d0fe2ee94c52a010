// KeyedNode: what nodes with a keyed state share, its life between batches. `Base` is the breaker that they are. Tested
// in tests/jobs/update_state.yaml and tests/jobs/map_with_state.yaml.
#pragma once

#include <string>

#include "operators/support/list_state.h"
#include "operators/support/stateful.h"

namespace sr::operators {

template <class Base>
class KeyedNode : public Base {
 public:
  bool has_state() const override { return true; }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override {
    out.push_back(started_ ? 1 : 0);
    state_.encode(out);
  }
  Status restore(std::string_view in) override {
    SR_TRY(take_start(in));
    return state_.decode(&in);
  }
  Status migrate(std::string_view in, const flow::StateShape& saved) override {
    SR_TRY(take_start(in));
    return migrate_state(shape_, state_, in, saved);
  }
  void list_state(const Tick&, const flow::StateReader& read) override {
    list_keyed(state_, {shape_.key_fields, shape_.state}, read);
  }
  std::size_t state_bytes() const override { return state_.memory_bytes(); }
  std::uint64_t state_keys() const override { return state_.live(); }

 protected:
  // `timed`: keys remember when they had their last row.
  KeyedNode(const char* type, const StateShape& shape, bool timed)
      : state_(shape.key_types(), shape.state_types(), timed), type_(type), shape_(shape) {}

  KeyedState state_;
  bool started_ = false;  // the initial state was taken in
  bool settled_ = false;  // the last batch, if it had no rows, left the state as it was

 private:
  Status take_start(std::string_view& in) {
    if (in.empty()) return Error{std::string("the state of ") + type_ + " is damaged"};
    started_ = in[0] != 0;
    in.remove_prefix(1);
    return {};
  }

  const char* type_;
  const StateShape shape_;
};

}  // namespace sr::operators
