// FoldStates<Rule>: the states of an aggregate whose state is a few plain words, in one array. A Rule says what a state
// is and how values meet it. Values arrive by row and NULLs never reach the rule. Tested in tests/unit/expr.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "engine/expr/aggregate.h"
#include "engine/expr/eval.h"

namespace sr::expr {

// What a rule's finish() found.
enum class Finished : std::uint8_t { value, null, overflow };

// Appends the bytes of plain states, and reads them back behind the last.
template <class State>
void encode_states(std::string& out, const Vec<State>& states, std::span<const std::uint32_t> groups) {
  for (const std::uint32_t group : groups) {
    out.append(reinterpret_cast<const char*>(&states[group]), sizeof(State));
  }
}
template <class State>
Status decode_states(std::string_view* input, std::uint32_t count, Vec<State>& states) {
  const std::size_t bytes = std::size_t{count} * sizeof(State);
  if (input->size() < bytes) return Error{"the states of an aggregate end too early"};
  const std::size_t before = states.size();
  states.resize(before + count);
  if (bytes > 0) std::memcpy(static_cast<void*>(states.data() + before), input->data(), bytes);
  input->remove_prefix(bytes);
  return {};
}

// Rule: `State` (plain, State{} is empty, no padding), `Value` (physical type of the argument), `Result` (of the
// result); void add(State&, Value) · void merge(State&, const State&) · Finished finish(const State&, Result&) ·
// optionally void subtract(State&, const State&).
template <class Rule>
class FoldStates final : public AggregateStates {
 public:
  using State = typename Rule::State;
  using Value = typename Rule::Value;

  explicit FoldStates(TypeRef result, Rule rule = {}) : result_(std::move(result)), rule_(rule) {}

  void resize(std::uint32_t groups) override { states_.resize(groups, State{}); }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(states_.size()); }

  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Reader<Value> reader(*args[0]);
    if (groups == nullptr) {
      State state = states_[0];
      visit(selection, reader, [&](std::uint32_t, const Value& value) { rule_.add(state, value); });
      states_[0] = state;
      return;
    }
    State* const states = states_.data();
    visit(selection, reader, [&](std::uint32_t i, const Value& value) { rule_.add(states[groups[i]], value); });
  }

  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const FoldStates&>(from);
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      rule_.merge(states_[pairs.targets[i]], other.states_[pairs.source(i)]);
    }
  }

  void subtract_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    if constexpr (requires(State& state) { rule_.subtract(state, state); }) {
      const auto& other = static_cast<const FoldStates&>(from);
      for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
        rule_.subtract(states_[pairs.targets[i]], other.states_[pairs.source(i)]);
      }
    } else {
      AggregateStates::subtract_pairs(from, pairs);
    }
  }

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors& errors) const override {
    using Out = typename Rule::Result;
    const auto count = static_cast<std::uint32_t>(groups.size());
    auto column = std::make_shared<Column>(result_, count);
    Out* const values = column->template make_values<Out>(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      values[i] = Out{};
      const Finished finished = rule_.finish(states_[groups[i]], values[i]);
      if (finished == Finished::value) continue;
      if (finished == Finished::overflow) errors.add(i, "overflow: the aggregate does not fit " + result_->name());
      values[i] = Out{};
      column->set_null(i);
    }
    return column;
  }

  void reset(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) states_[group] = State{};
  }
  void clear() override { states_.clear(); }
  std::size_t memory_bytes() const override { return states_.capacity() * sizeof(State); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    encode_states(out, states_, groups);
  }
  Status decode(std::string_view* input, std::uint32_t count) override { return decode_states(input, count, states_); }

 private:
  // Calls f(i, value) for the selected rows that are not NULL; i counts within the selection.
  template <class F>
  static void visit(const Selection& selection, const Reader<Value>& reader, F&& f) {
    if (reader.no_nulls()) {
      if (selection.is_all()) {
        for (std::uint32_t i = 0; i < selection.count; ++i) f(i, reader[i]);
      } else {
        for (std::uint32_t i = 0; i < selection.count; ++i) f(i, reader[selection.rows[i]]);
      }
      return;
    }
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      if (reader.valid(row)) f(i, reader[row]);
    }
  }

  TypeRef result_;
  Rule rule_;
  Vec<State> states_;
};

}  // namespace sr::expr
