// DistinctValues, and the aggregates over it: count(distinct v, …), collect_set, and DISTINCT in any other.
#include "engine/expr/aggregates/distinct.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/data/codec.h"
#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/lists.h"

namespace sr::expr {

void DistinctValues::begin(const Column& column) {
  pending_ = &column;
  fresh_ = nodes_.size();
}

std::size_t DistinctValues::slot_of(const Column& column, std::uint32_t row, std::uint32_t group,
                                    std::uint64_t spread) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = spread & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Node& node = nodes_[slots_[slot] - 1];
    if (node.hash == spread && node.group == group && equal_values(block(node.block), node.row, column, row)) break;
  }
  return slot;
}

void DistinctValues::insert(std::uint32_t group, std::uint64_t hash, Added added) {
  if ((nodes_.size() + 1) * 4 > slots_.size() * 3) rehash(slots_.size() < 64 ? 64 : slots_.size() * 2);
  const std::uint64_t spread = combine(hash, group);
  const std::size_t slot = slot_of(*pending_, added.row, group, spread);
  Set& set = sets_[group];
  if (slots_[slot] != 0) {
    Node& node = nodes_[slots_[slot] - 1];
    if (node.copies == 0) {
      ++set.count;
      --gone_;
    }
    node.copies += added.copies;
    return;
  }
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({spread, added.copies, group, static_cast<std::uint32_t>(blocks_.size()), added.row, kEnd});
  slots_[slot] = index + 1;
  if (set.head == kEnd) {
    set.head = index;
  } else {
    nodes_[set.tail].next = index;
  }
  set.tail = index;
  ++set.count;
}

void DistinctValues::rehash(std::size_t slots) {
  slots_.clear();
  slots_.resize(slots, 0);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    std::size_t slot = nodes_[i].hash & (slots - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void DistinctValues::commit() {
  if (nodes_.size() > fresh_) {
    Vec<std::uint32_t> rows(nodes_.size() - fresh_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i] = nodes_[fresh_ + i].row;
      nodes_[fresh_ + i].row = static_cast<std::uint32_t>(i);
    }
    blocks_.push_back(copy_rows(*pending_, Selection{rows.data(), static_cast<std::uint32_t>(rows.size())}));
    block_bytes_ += blocks_.back()->memory_bytes();
  }
  pending_ = nullptr;
}

void DistinctValues::merge_pairs(const DistinctValues& from, const GroupPairs& pairs) {
  // Gathers the values of the other sets into one column, so that what is new is copied in one go.
  ColumnBuilder builder(type_);
  Vec<std::uint32_t> groups;
  Vec<std::uint64_t> copies;
  for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
    from.for_each(pairs.source(i), [&](const Node& node) {
      builder.append_from(*from.blocks_[node.block], node.row);
      groups.push_back(pairs.targets[i]);
      copies.push_back(node.copies);
    });
  }
  const std::shared_ptr<Column> values = builder.finish();
  begin(*values);
  for (std::uint32_t row = 0; row < groups.size(); ++row) add(groups[row], row, copies[row]);
  commit();
}

void DistinctValues::subtract_pairs(const DistinctValues& from, const GroupPairs& pairs) {
  for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
    const std::uint32_t group = pairs.targets[i];
    from.for_each(pairs.source(i), [&](const Node& node) {
      const Column& column = *from.blocks_[node.block];
      const std::size_t slot = slot_of(column, node.row, group, combine(hash_value(column, node.row), group));
      SR_CHECK(slots_[slot] != 0);
      Node& own = nodes_[slots_[slot] - 1];
      SR_CHECK(own.copies >= node.copies);
      own.copies -= node.copies;
      if (own.copies > 0) return;
      --sets_[group].count;
      ++gone_;
    });
  }
  if (gone_ > 1024 && gone_ > nodes_.size() / 2) compact();
}

std::shared_ptr<Column> DistinctValues::arrays(const TypeRef& type, std::span<const std::uint32_t> groups) const {
  ColumnBuilder builder(type);
  for (const std::uint32_t group : groups) {
    for_each(group, [&](const Node& node) { builder.child(0).append_from(*blocks_[node.block], node.row); });
    builder.end_list();
  }
  return builder.finish();
}

ColumnRef DistinctValues::values(std::span<const std::uint32_t> groups, Vec<std::uint32_t>& owners) const {
  ColumnBuilder builder(type_);
  for (std::uint32_t i = 0; i < groups.size(); ++i) {
    for_each(groups[i], [&](const Node& node) {
      builder.append_from(*blocks_[node.block], node.row);
      owners.push_back(i);
    });
  }
  return builder.finish();
}

void DistinctValues::reset(std::span<const std::uint32_t> groups) {
  bool any = false;
  for (const std::uint32_t group : groups) {
    any = any || sets_[group].head != kEnd;
    sets_[group] = {kEnd, kEnd, 0};
  }
  if (any) compact();  // resets are rare beside updates
}

void DistinctValues::compact() {
  DistinctValues left(type_);
  left.resize(size());
  Vec<std::uint32_t> kept;
  for (std::uint32_t group = 0; group < size(); ++group) {
    if (sets_[group].count > 0) kept.push_back(group);
  }
  left.merge_pairs(*this, {kept.data(), {kept.data(), kept.size()}});
  *this = std::move(left);
}

void DistinctValues::clear() {
  sets_.clear();
  nodes_.clear();
  slots_.clear();
  blocks_.clear();
  block_bytes_ = 0;
  gone_ = 0;
}

std::size_t DistinctValues::memory_bytes() const {
  return sets_.capacity() * sizeof(Set) + nodes_.capacity() * sizeof(Node) + slots_.capacity() * 4 + block_bytes_;
}

void DistinctValues::encode(std::string& out, std::span<const std::uint32_t> groups) const {
  ColumnBuilder builder(type_), copies(types::bigint());
  for (const std::uint32_t group : groups) {
    const std::uint32_t n = count(group);
    out.append(reinterpret_cast<const char*>(&n), sizeof n);
    for_each(group, [&](const Node& node) {
      builder.append_from(*blocks_[node.block], node.row);
      copies.append_int(static_cast<std::int64_t>(node.copies));
    });
  }
  for (const std::shared_ptr<Column>& column : {builder.finish(), copies.finish()})
    encode_column(out, *column, Selection{nullptr, column->size});
}

Status DistinctValues::decode(std::string_view* input, std::uint32_t count) {
  Vec<std::uint32_t> counts;
  SR_TRY(ListStore<ValuePlace>::decode_counts(input, count, counts));
  Result<ColumnRef> values = decode_column(input, type_);
  SR_TRY(values);
  Result<ColumnRef> copies = decode_column(input, types::bigint());
  SR_TRY(copies);
  std::uint64_t total = 0;
  for (const std::uint32_t n : counts) total += n;
  if (total != (*values)->size || total != (*copies)->size) return Error{"the sets of an aggregate are damaged"};
  const std::uint32_t first = size();
  resize(first + count);
  begin(**values);
  std::uint32_t row = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t n = counts[i]; n > 0; --n, ++row)
      add(first + i, row, static_cast<std::uint64_t>((*copies)->get<std::int64_t>(row)));
  }
  commit();
  return {};
}

void SetStates::update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) {
  ColumnRef column = args[0];
  if (tuple_) {
    auto rows = std::make_shared<Column>(type_, args[0]->size);
    rows->children.assign(args.begin(), args.end());
    column = std::move(rows);
  }
  sets_.begin(*column);
  for (std::uint32_t i = 0; i < selection.count; ++i) {
    const std::uint32_t row = selection[i];
    bool all = true;
    for (const ColumnRef& arg : args) all = all && arg->valid(row);
    if (all) sets_.add(groups ? groups[i] : 0, row);
  }
  sets_.commit();
}

namespace {

class CountStates final : public SetStates {
 public:
  using SetStates::SetStates;

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    const auto count = static_cast<std::uint32_t>(groups.size());
    auto column = std::make_shared<Column>(types::bigint(), count);
    std::int64_t* const values = column->make_values<std::int64_t>(count);
    for (std::uint32_t i = 0; i < count; ++i) values[i] = sets_.count(groups[i]);
    return column;
  }
};

class ArrayStates final : public SetStates {
 public:
  using SetStates::SetStates;

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    return sets_.arrays(types::array(type_), groups);
  }
};

// Another aggregate over the different values: it is run anew over them each time.
class OfSetStates final : public SetStates {
 public:
  OfSetStates(TypeRef type, std::function<std::unique_ptr<AggregateStates>()> make)
      : SetStates(std::move(type), false), make_(std::move(make)) {}

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors& errors) const override {
    Vec<std::uint32_t> owners;
    const ColumnRef values = sets_.values(groups, owners);
    const std::unique_ptr<AggregateStates> states = make_();
    const auto count = static_cast<std::uint32_t>(groups.size());
    states->resize(count);
    states->update(owners.data(), Selection{nullptr, values->size}, {&values, 1});
    Vec<std::uint32_t> all(count);
    for (std::uint32_t i = 0; i < count; ++i) all[i] = i;
    return states->finish({all.data(), all.size()}, errors);
  }

 private:
  std::function<std::unique_ptr<AggregateStates>()> make_;
};

// Aggregates to which it is all the same whether a value comes once or more often.
bool ignores_copies(std::string_view name) {
  static constexpr std::string_view kNames[] = {"min",
                                                "max",
                                                "min_by",
                                                "max_by",
                                                "first",
                                                "last",
                                                "any_value",
                                                "bool_and",
                                                "bool_or",
                                                "collect_set",
                                                "approx_count_distinct"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

bool make_distinct(const AggregateInfo& info, const ResolveInput& input, ResolvedAggregate* out, ResolveError* error) {
  const std::string& name = info.alias_of.empty() ? info.name : info.alias_of;
  if (name == "count" || ignores_copies(name)) return true;
  if (input.types.size() != 1)
    return refuse(error, static_cast<std::size_t>(-1), "DISTINCT stands before a single value only");
  // Whether a sum of doubles is the same depends on their order, of which a set that lost values promises nothing.
  const AggregateTraits traits{.invertible = out->invertible && out->order_free,
                               .order_free = out->order_free,
                               .empty_is_zero = out->empty_is_zero,
                               .grows = true};
  const TypeRef type = out->params[0] ? out->params[0] : input.types[0];
  return set_aggregate<OfSetStates>(out, out->result, {type}, traits, type, std::move(out->make));
}

bool resolve_count_distinct(const ResolveInput& input, ResolvedAggregate* out, ResolveError* error) {
  const std::size_t count = input.types.size();
  if (count == 0) return refuse(error, static_cast<std::size_t>(-1), "count(distinct …) takes at least one value");
  const AggregateTraits traits{.invertible = true, .order_free = true, .empty_is_zero = true, .grows = true};
  if (count == 1) {
    return set_aggregate<CountStates>(out, types::bigint(), {nullptr}, traits, input.types[0], false);
  }
  std::vector<Field> fields;
  for (std::size_t i = 0; i < count; ++i) fields.push_back({"c" + std::to_string(i), input.types[i]});
  return set_aggregate<CountStates>(out, types::bigint(), std::vector<TypeRef>(count), traits,
                                    types::structure(std::move(fields)), true);
}

void register_distinct(AggregateRegistry& registry) {
  registry.add({.name = "collect_set",
                .min_args = 1,
                .max_args = 1,
                .signature = "collect_set(v)",
                .summary = "An array of the different values that are not NULL; [] without any.",
                .example = "collect_set(x) over x: 2, 1, 2, null gives [2, 1]",
                .resolve = [](const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError*) {
                  return set_aggregate<ArrayStates>(out, types::array(input.types[0]), {nullptr}, {.grows = true},
                                                    input.types[0], false);
                }});
}

}  // namespace sr::expr
