// The registry of aggregate functions and their columnar states. A family is one file in engine/expr/aggregates with
// `void register_<family>(AggregateRegistry&)`, called in aggregates/register.cc. Tested in tests/unit/expr: every
// example runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/data/builder.h"
#include "engine/expr/function.h"

namespace sr::expr {

// Which states of another object meet which of ours: its group source(i) and our group targets[i].
struct GroupPairs {
  const std::uint32_t* sources = nullptr;  // null: group i
  std::span<const std::uint32_t> targets;

  std::uint32_t source(std::size_t i) const { return sources ? sources[i] : static_cast<std::uint32_t>(i); }
};

// The states of one aggregate call for groups 0 … n-1. What it keeps of strings it copies. Not thread-safe.
// Rows arrive in order inside one object; merge appends another's rows behind ours: the result is that of all rows in
// order.
class AggregateStates {
 public:
  virtual ~AggregateStates() = default;
  // Grows to `groups` groups; new ones are empty.
  virtual void resize(std::uint32_t groups) = 0;
  virtual std::uint32_t size() const = 0;
  // Takes the selected rows: row selection[i] belongs to group groups[i]. `groups` null: all rows belong to group 0.
  virtual void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) = 0;
  // Takes states of `from`, an object of the same call, behind ours.
  virtual void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) = 0;
  // Undoes an earlier merge; only where the aggregate is invertible.
  virtual void subtract_pairs(const AggregateStates& from, const GroupPairs& pairs);
  // The same for all states of `from`: its group i is our group groups[i].
  void merge(const AggregateStates& from, std::span<const std::uint32_t> groups) {
    merge_pairs(from, {nullptr, groups});
  }
  void subtract(const AggregateStates& from, std::span<const std::uint32_t> groups) {
    subtract_pairs(from, {nullptr, groups});
  }
  // Gives one value per listed group; a failure (overflow) is recorded at its position in the list.
  virtual std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors& errors) const = 0;
  // Makes the listed groups empty again.
  virtual void reset(std::span<const std::uint32_t> groups) = 0;
  virtual void clear() = 0;  // no groups; memory is kept
  virtual std::size_t memory_bytes() const = 0;
  // Binary form of the listed groups, and back: appends them as new groups.
  virtual void encode(std::string& out, std::span<const std::uint32_t> groups) const = 0;
  virtual Status decode(std::string_view* input, std::uint32_t count) = 0;
};

struct ResolvedAggregate {
  std::string name;
  TypeRef result;
  std::vector<TypeRef> params;  // to which the arguments are cast; null: as it is
  std::function<std::unique_ptr<AggregateStates>()> make;
  bool invertible = false;  // subtract() gives exactly the state without those rows (never for doubles)
  bool order_free = false;  // merging in any order and grouping gives the same bytes
  bool exact = false;  // splitting the rows into runs in any way and merging the runs in order gives the same bytes
  bool empty_is_zero = false;  // count-like: 0 for no rows
  bool grows = false;          // a state is as large as the rows behind it (lists, sets)
};

struct AggregateInfo {
  std::string name;
  int min_args = 0;
  int max_args = 0;
  std::string signature;
  std::string summary;
  std::string example;  // `sum(x) over x: 1, 2, null gives 3`; several columns: `… over x: 'a', 'b'; k: 1, 2 gives b`
  // `distinct` only for count. count(*) has no arguments.
  std::function<bool(const ResolveInput& input, bool distinct, ResolvedAggregate* out, ResolveError* error)> resolve;
  std::string alias_of = {};
};

class AggregateRegistry {
 public:
  void add(AggregateInfo info);
  const AggregateInfo* find(std::string_view lower_name) const;
  std::vector<const AggregateInfo*> all() const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, AggregateInfo, std::less<>> aggregates_;
};

// The aggregate behind group_by_key: an array of all values in arrival order, NULLs too.
ResolvedAggregate collect_all(const TypeRef& element);

// The aggregates of this binary; built once on first use, immutable afterwards.
const AggregateRegistry& aggregates();

}  // namespace sr::expr
