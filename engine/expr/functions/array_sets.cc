// Arrays as sets: array_distinct, array_union, array_intersect, array_except, arrays_overlap, array_remove,
// array_compact. NULL is a value, the order is that of first appearance. Entry point: register_array_sets. Tested in
// tests/unit/expr/arrays_test.cc.
#include <bit>

#include "engine/expr/functions/array_kernels.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/list_picks.h"

namespace sr::expr {

namespace {

// A set of elements of one column, by index: a list while small, then open addressing over hashes.
class ElementSet {
 public:
  explicit ElementSet(const Column& elements) : elements_(elements) {}

  void clear() {
    members_.clear();
    slots_.clear();
  }
  bool contains(std::uint32_t element) const { return find(element) != kNone; }
  // Says whether the element is new.
  bool insert(std::uint32_t element) {
    if (contains(element)) return false;
    members_.push_back(element);
    if (members_.size() > kListed) remember(element);
    return true;
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::size_t kListed = 16;

  std::uint32_t find(std::uint32_t element) const {
    if (members_.size() <= kListed) {
      for (const std::uint32_t member : members_) {
        if (equal_values(elements_, member, elements_, element)) return member;
      }
      return kNone;
    }
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash_value(elements_, element) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == kNone || equal_values(elements_, slots_[at], elements_, element)) return slots_[at];
    }
  }
  void place(std::uint32_t element) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash_value(elements_, element) & mask;
    while (slots_[at] != kNone) at = (at + 1) & mask;
    slots_[at] = element;
  }
  void remember(std::uint32_t element) {
    if (members_.size() * 2 <= slots_.size()) return place(element);
    slots_.assign(std::bit_ceil(members_.size() * 4), kNone);
    for (const std::uint32_t member : members_) place(member);
  }

  const Column& elements_;
  std::vector<std::uint32_t> members_;
  std::vector<std::uint32_t> slots_;
};

std::shared_ptr<Column> array_distinct(const CallContext& context, Args args) {
  ElementSet seen(*elements_of(args[0]));
  return pick_lists(context, args[0], [&](ListPicks& picks, std::uint32_t, std::uint32_t i, std::uint32_t end) {
    seen.clear();
    for (; i < end; ++i) {
      if (seen.insert(i)) picks.pick(i);
    }
  });
}

// Two arrays over one column of elements.
struct TwoLists {
  explicit TwoLists(Args args) : left(*args[0]), right(*args[1]), joined(args[0]->type->element()) {
    left_base = joined.add(elements_of(args[0]));
    right_base = joined.add(elements_of(args[1]));
    elements = joined.take();
  }
  template <class F>
  void each_left(std::uint32_t row, F&& visit) const {
    for (std::uint32_t i = left.begin_of(row); i < left.end_of(row); ++i) visit(left_base + i);
  }
  template <class F>
  void each_right(std::uint32_t row, F&& visit) const {
    for (std::uint32_t i = right.begin_of(row); i < right.end_of(row); ++i) visit(right_base + i);
  }

  const Column& left;
  const Column& right;
  JoinedElements joined;
  std::uint32_t left_base = 0;
  std::uint32_t right_base = 0;
  ColumnRef elements;
};

std::shared_ptr<Column> array_union(const CallContext& context, Args args) {
  const TwoLists lists(args);
  ElementSet seen(*lists.elements);
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    seen.clear();
    const auto take = [&](std::uint32_t i) {
      if (seen.insert(i)) picks.pick(i);
    };
    lists.each_left(row, take);
    lists.each_right(row, take);
  });
  return picks.take(lists.elements);
}

// The left elements that are (kWanted) or are not among the right ones, once each.
template <bool kWanted>
std::shared_ptr<Column> array_filter_by(const CallContext& context, Args args) {
  const TwoLists lists(args);
  ElementSet right(*lists.elements);
  ElementSet seen(*lists.elements);
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    right.clear();
    seen.clear();
    lists.each_right(row, [&](std::uint32_t i) { right.insert(i); });
    lists.each_left(row, [&](std::uint32_t i) {
      if (right.contains(i) == kWanted && seen.insert(i)) picks.pick(i);
    });
  });
  return picks.take(lists.elements);
}

std::shared_ptr<Column> arrays_overlap(const CallContext& context, Args args) {
  const TwoLists lists(args);
  Output<std::uint8_t> out(context);
  ElementSet right(*lists.elements);
  context.selection.for_each([&](std::uint32_t row) {
    right.clear();
    bool null = false;
    bool any_left = false;
    bool any_right = false;
    bool hit = false;
    lists.each_right(row, [&](std::uint32_t i) {
      any_right = true;
      if (lists.elements->valid(i)) {
        right.insert(i);
      } else {
        null = true;
      }
    });
    lists.each_left(row, [&](std::uint32_t i) {
      any_left = true;
      const bool valid = lists.elements->valid(i);
      null = null || !valid;
      hit = hit || (valid && right.contains(i));
    });
    out[row] = hit ? 1 : 0;
    if (!hit && null && any_left && any_right) out.set_null(row);
  });
  return out.take();
}

std::shared_ptr<Column> array_remove(const CallContext& context, Args args) {
  const Column& elements = *elements_of(args[0]);
  return pick_lists(context, args[0], [&](ListPicks& picks, std::uint32_t row, std::uint32_t i, std::uint32_t end) {
    for (; i < end; ++i) {
      if (!elements.valid(i) || !equal_values(elements, i, *args[1], row)) picks.pick(i);
    }
  });
}

std::shared_ptr<Column> array_compact(const CallContext& context, Args args) {
  const Column& elements = *elements_of(args[0]);
  return pick_lists(context, args[0], [&](ListPicks& picks, std::uint32_t, std::uint32_t i, std::uint32_t end) {
    for (; i < end; ++i) {
      if (elements.valid(i)) picks.pick(i);
    }
  });
}

Resolver over_two_arrays(Kernel kernel) {
  return [kernel](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    if (!resolve_same_arrays(input, call, error)) return false;
    set_call(call, call->result, kernel);
    return true;
  };
}

bool resolve_overlap(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!resolve_same_arrays(input, call, error)) return false;
  set_call(call, types::boolean(), arrays_overlap, kTurnsNull);
  return true;
}

}  // namespace

void register_array_sets(FunctionRegistry& registry) {
  Family arrays(registry, "arrays");
  arrays.add({{1, 1},
              "array_distinct(a)",
              "Leaves out elements that were there before.",
              "array_distinct(array(3, 1, 3)) = array(3, 1)",
              over_array(ArrayResult::array, {}, array_distinct)});
  arrays.add({{2, 2},
              "array_union(a, b)",
              "Gives the elements of either array, once each.",
              "array_union(array(1, 2), array(2, 3)) = array(1, 2, 3)",
              over_two_arrays(array_union)});
  arrays.add({{2, 2},
              "array_intersect(a, b)",
              "Gives the elements of a that are also in b, once each.",
              "array_intersect(array(1, 2), array(2, 3)) = array(2)",
              over_two_arrays(array_filter_by<true>)});
  arrays.add({{2, 2},
              "array_except(a, b)",
              "Gives the elements of a that are not in b, once each.",
              "array_except(array(1, 2), array(2, 3)) = array(1)",
              over_two_arrays(array_filter_by<false>)});
  arrays.add({{2, 2},
              "arrays_overlap(a, b)",
              "Tells whether an element is in both; NULL if there is none but either has a NULL.",
              "arrays_overlap(array(1, 2), array(2, 3))",
              resolve_overlap});
  arrays.add({{2, 2},
              "array_remove(a, v)",
              "Leaves out all elements equal to v.",
              "array_remove(array(5, 1, 5), 5) = array(1)",
              over_array(ArrayResult::array, {std::nullopt}, array_remove)});
  arrays.add({{1, 1},
              "array_compact(a)",
              "Leaves out NULLs.",
              "array_compact(array(1, null, 2)) = array(1, 2)",
              over_array(ArrayResult::array, {}, array_compact)});
}

}  // namespace sr::expr
