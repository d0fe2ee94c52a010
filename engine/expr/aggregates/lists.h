// ListStore<T>: a list of plain values per group, all in one array of linked nodes; and ValueLists, the same for values
// of any type, which lie in shared immutable blocks. What collect_list, percentile and their like keep. Tested in
// tests/unit/expr/aggregates_test.cc.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "engine/data/builder.h"
#include "engine/expr/aggregate.h"

namespace sr::expr {

template <class T>
class ListStore {
 public:
  void resize(std::uint32_t groups) { lists_.resize(groups, List{kEnd, kEnd, 0}); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(lists_.size()); }
  std::uint32_t count(std::uint32_t group) const { return lists_[group].count; }

  void append(std::uint32_t group, const T& value) {
    List& list = lists_[group];
    const auto node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({value, kEnd});
    if (list.count == 0) {
      list.head = node;
    } else {
      nodes_[list.tail].next = node;
    }
    list.tail = node;
    ++list.count;
    ++live_;
  }
  // Calls f(value) for the values of a group in order.
  template <class F>
  void for_each(std::uint32_t group, F&& f) const {
    std::uint32_t node = lists_[group].head;
    for (std::uint32_t i = lists_[group].count; i > 0; --i) {
      f(nodes_[node].value);
      node = nodes_[node].next;
    }
  }

  // Takes out the first value for which `is_it(value)` holds; gives whether there is one. Quick near the beginning.
  template <class F>
  bool remove_first(std::uint32_t group, F&& is_it) {
    List& list = lists_[group];
    std::uint32_t before = kEnd, node = list.head;
    for (std::uint32_t i = 0; i < list.count; ++i, before = node, node = nodes_[node].next) {
      if (!is_it(nodes_[node].value)) continue;
      (before == kEnd ? list.head : nodes_[before].next) = nodes_[node].next;
      if (list.tail == node) list.tail = before;
      --list.count;
      --live_;
      return true;
    }
    return false;
  }

  // Whether so many nodes are dead that the owner should call compact().
  bool wants_compact() const { return nodes_.size() > live_ * 2 + 8192; }
  // Empties groups; gives wants_compact().
  bool reset(std::span<const std::uint32_t> groups) {
    for (const std::uint32_t group : groups) {
      live_ -= lists_[group].count;
      lists_[group] = {kEnd, kEnd, 0};
    }
    return wants_compact();
  }
  void compact() {
    ListStore fresh;
    fresh.resize(size());
    fresh.nodes_.reserve(live_);
    for (std::uint32_t group = 0; group < size(); ++group) {
      for_each(group, [&](const T& value) { fresh.append(group, value); });
    }
    *this = std::move(fresh);
  }
  void clear() {
    lists_.clear();
    nodes_.clear();
    live_ = 0;
  }
  std::size_t live() const { return live_; }
  std::size_t memory_bytes() const { return lists_.capacity() * sizeof(List) + nodes_.capacity() * sizeof(Node); }

  void encode_counts(std::string& out, std::span<const std::uint32_t> groups) const {
    for (const std::uint32_t group : groups) {
      const std::uint32_t n = count(group);
      out.append(reinterpret_cast<const char*>(&n), sizeof n);
    }
  }
  static Status decode_counts(std::string_view* input, std::uint32_t groups, Vec<std::uint32_t>& counts) {
    const std::size_t bytes = groups * sizeof(std::uint32_t);
    if (input->size() < bytes) return Error{"the lists of an aggregate end too early"};
    counts.resize(groups);
    if (bytes > 0) std::memcpy(counts.data(), input->data(), bytes);
    input->remove_prefix(bytes);
    return {};
  }

 private:
  static constexpr std::uint32_t kEnd = ~std::uint32_t{0};
  struct List {
    std::uint32_t head;
    std::uint32_t tail;
    std::uint32_t count;
  };
  struct Node {
    T value;
    std::uint32_t next;
  };
  Vec<List> lists_;
  Vec<Node> nodes_;
  std::size_t live_ = 0;
};

// Where a value lies in the blocks of a ValueLists.
struct ValuePlace {
  std::uint32_t block;
  std::uint32_t row;
};

class ValueLists {
 public:
  explicit ValueLists(TypeRef type) : type_(std::move(type)) {}

  void resize(std::uint32_t groups) { lists_.resize(groups); }
  std::uint32_t size() const { return lists_.size(); }
  std::uint32_t count(std::uint32_t group) const { return lists_.count(group); }
  // Appends rows[i] of `column` to groups[i] (group 0 where `groups` is null). Copies the values.
  void append(const Column& column, std::span<const std::uint32_t> rows, const std::uint32_t* groups);
  // Appends the lists of another object behind ours; shares their memory.
  void merge_pairs(const ValueLists& from, const GroupPairs& pairs);
  // Calls f(column, row) for the values of a group in order.
  template <class F>
  void for_each(std::uint32_t group, F&& f) const {
    lists_.for_each(group, [&](const ValuePlace& place) { f(*blocks_[place.block], place.row); });
  }
  // One array per listed group, of the given array type.
  std::shared_ptr<Column> arrays(const TypeRef& type, std::span<const std::uint32_t> groups) const;

  void reset(std::span<const std::uint32_t> groups);
  void clear();
  std::size_t memory_bytes() const;
  void encode(std::string& out, std::span<const std::uint32_t> groups) const;
  Status decode(std::string_view* input, std::uint32_t count);

 private:
  void compact();

  TypeRef type_;
  ListStore<ValuePlace> lists_;
  std::vector<ColumnRef> blocks_;
  std::size_t block_bytes_ = 0;
};

}  // namespace sr::expr
