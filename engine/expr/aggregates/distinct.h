// DistinctValues: a set of values of any type per group, in the order of their arrival, each with the number of rows
// that brought it, so that a merge can be undone. One open-addressing table for all groups; values are copied once a
// chunk. Tested in tests/unit/expr/aggregates_test.cc.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/data/builder.h"
#include "engine/expr/aggregate.h"

namespace sr::expr {

class DistinctValues {
 public:
  explicit DistinctValues(TypeRef type) : type_(std::move(type)) {}

  void resize(std::uint32_t groups) { sets_.resize(groups, Set{kEnd, kEnd, 0}); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(sets_.size()); }
  std::uint32_t count(std::uint32_t group) const { return sets_[group].count; }

  // Starts a chunk; `column` must live until commit(), which copies what is new.
  void begin(const Column& column);
  void add(std::uint32_t group, std::uint32_t row, std::uint64_t copies = 1) {
    insert(group, hash_value(*pending_, row), {row, copies});
  }
  void commit();

  void merge_pairs(const DistinctValues& from, const GroupPairs& pairs);
  // Undoes an earlier merge: a value goes when as many rows have gone as brought it. Of the order of values that come
  // again nothing is promised.
  void subtract_pairs(const DistinctValues& from, const GroupPairs& pairs);
  // The values of the listed groups, one after the other; adds to `owners` the place in the list to which each belongs.
  ColumnRef values(std::span<const std::uint32_t> groups, Vec<std::uint32_t>& owners) const;
  // One array per listed group, of the given array type.
  std::shared_ptr<Column> arrays(const TypeRef& type, std::span<const std::uint32_t> groups) const;

  void reset(std::span<const std::uint32_t> groups);
  void clear();
  std::size_t memory_bytes() const;
  void encode(std::string& out, std::span<const std::uint32_t> groups) const;
  Status decode(std::string_view* input, std::uint32_t count);

 private:
  static constexpr std::uint32_t kEnd = ~std::uint32_t{0};
  struct Set {
    std::uint32_t head;
    std::uint32_t tail;
    std::uint32_t count;
  };
  struct Node {
    std::uint64_t hash;
    std::uint64_t copies;  // 0: gone, until it comes again
    std::uint32_t group;
    std::uint32_t block;
    std::uint32_t row;
    std::uint32_t next;
  };

  struct Added {
    std::uint32_t row;
    std::uint64_t copies;
  };

  void insert(std::uint32_t group, std::uint64_t hash, Added added);
  // The slot of a value of a group, or the free slot where it belongs.
  std::size_t slot_of(const Column& column, std::uint32_t row, std::uint32_t group, std::uint64_t spread) const;
  // Drops what is gone.
  void compact();
  void rehash(std::size_t slots);
  const Column& block(std::uint32_t index) const { return index == blocks_.size() ? *pending_ : *blocks_[index]; }
  template <class F>
  void for_each(std::uint32_t group, F&& f) const {
    for (std::uint32_t node = sets_[group].head; node != kEnd; node = nodes_[node].next) {
      if (nodes_[node].copies > 0) f(nodes_[node]);
    }
  }

  TypeRef type_;
  Vec<Set> sets_;
  Vec<Node> nodes_;
  Vec<std::uint32_t> slots_;  // node + 1, 0: free
  std::vector<ColumnRef> blocks_;
  const Column* pending_ = nullptr;  // the block to be: blocks_.size() names it
  std::size_t gone_ = 0;             // nodes without copies
  std::size_t fresh_ = 0;            // nodes_ from here on point into the pending block
  std::size_t block_bytes_ = 0;
};

// States that are the set of the values seen; what is made of the set is the matter of the class below it.
class SetStates : public AggregateStates {
 public:
  // `tuple`: several arguments count as one structure.
  SetStates(TypeRef type, bool tuple) : type_(type), sets_(std::move(type)), tuple_(tuple) {}

  void resize(std::uint32_t groups) override { sets_.resize(groups); }
  std::uint32_t size() const override { return sets_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override;
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    sets_.merge_pairs(static_cast<const SetStates&>(from).sets_, pairs);
  }
  void subtract_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    sets_.subtract_pairs(static_cast<const SetStates&>(from).sets_, pairs);
  }
  void reset(std::span<const std::uint32_t> groups) override { sets_.reset(groups); }
  void clear() override { sets_.clear(); }
  std::size_t memory_bytes() const override { return sets_.memory_bytes(); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override { sets_.encode(out, groups); }
  Status decode(std::string_view* input, std::uint32_t count) override { return sets_.decode(input, count); }

 protected:
  TypeRef type_;
  DistinctValues sets_;

 private:
  bool tuple_;
};

// Makes a resolved aggregate that of the different values of its argument, as DISTINCT asks; refuses it where there are
// several arguments. count has its own way, and one to which copies are all the same stays as it is.
bool make_distinct(const AggregateInfo& info, const ResolveInput& input, ResolvedAggregate* out, ResolveError* error);

}  // namespace sr::expr
