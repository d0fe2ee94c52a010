// ValueLists: the values of a chunk are copied into one block; nodes point into blocks.
#include "engine/expr/aggregates/lists.h"

#include "engine/data/codec.h"

namespace sr::expr {

void ValueLists::append(const Column& column, std::span<const std::uint32_t> rows, const std::uint32_t* groups) {
  if (rows.empty()) return;
  const auto count = static_cast<std::uint32_t>(rows.size());
  const auto block = static_cast<std::uint32_t>(blocks_.size());
  blocks_.push_back(copy_rows(column, Selection{rows.data(), count}));
  block_bytes_ += blocks_.back()->memory_bytes();
  for (std::uint32_t i = 0; i < count; ++i) lists_.append(groups ? groups[i] : 0, {block, i});
}

void ValueLists::merge_pairs(const ValueLists& from, const GroupPairs& pairs) {
  Vec<std::uint32_t> block_of;
  block_of.resize(from.blocks_.size(), ~std::uint32_t{0});
  for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
    const std::uint32_t target = pairs.targets[i];
    from.lists_.for_each(pairs.source(i), [&](const ValuePlace& place) {
      std::uint32_t& block = block_of[place.block];
      if (block == ~std::uint32_t{0}) {
        block = static_cast<std::uint32_t>(blocks_.size());
        blocks_.push_back(from.blocks_[place.block]);
        block_bytes_ += blocks_.back()->memory_bytes();
      }
      lists_.append(target, {block, place.row});
    });
  }
}

std::shared_ptr<Column> ValueLists::arrays(const TypeRef& type, std::span<const std::uint32_t> groups) const {
  ColumnBuilder builder(type);
  for (const std::uint32_t group : groups) {
    for_each(group, [&](const Column& column, std::uint32_t row) { builder.child(0).append_from(column, row); });
    builder.end_list();
  }
  return builder.finish();
}

void ValueLists::reset(std::span<const std::uint32_t> groups) {
  if (lists_.reset(groups)) compact();
}

void ValueLists::compact() {
  ColumnBuilder builder(type_);
  ListStore<ValuePlace> fresh;
  fresh.resize(size());
  std::uint32_t next = 0;
  for (std::uint32_t group = 0; group < size(); ++group) {
    for_each(group, [&](const Column& column, std::uint32_t row) {
      builder.append_from(column, row);
      fresh.append(group, {0, next++});
    });
  }
  lists_ = std::move(fresh);
  blocks_.clear();
  block_bytes_ = 0;
  if (next == 0) return;
  blocks_.push_back(builder.finish());
  block_bytes_ = blocks_.back()->memory_bytes();
}

void ValueLists::clear() {
  lists_.clear();
  blocks_.clear();
  block_bytes_ = 0;
}

std::size_t ValueLists::memory_bytes() const {
  return lists_.memory_bytes() + block_bytes_;
}

void ValueLists::encode(std::string& out, std::span<const std::uint32_t> groups) const {
  lists_.encode_counts(out, groups);
  ColumnBuilder builder(type_);
  for (const std::uint32_t group : groups) {
    for_each(group, [&](const Column& column, std::uint32_t row) { builder.append_from(column, row); });
  }
  const std::shared_ptr<Column> values = builder.finish();
  encode_column(out, *values, Selection{nullptr, values->size});
}

Status ValueLists::decode(std::string_view* input, std::uint32_t count) {
  Vec<std::uint32_t> counts;
  SR_TRY(ListStore<ValuePlace>::decode_counts(input, count, counts));
  Result<ColumnRef> values = decode_column(input, type_);
  SR_TRY(values);
  std::uint64_t total = 0;
  for (const std::uint32_t n : counts) total += n;
  if (total != (*values)->size) return Error{"the lists of an aggregate are damaged"};
  const std::uint32_t first = size();
  resize(first + count);
  const auto block = static_cast<std::uint32_t>(blocks_.size());
  std::uint32_t row = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t n = counts[i]; n > 0; --n) lists_.append(first + i, {block, row++});
  }
  block_bytes_ += (*values)->memory_bytes();
  blocks_.push_back(std::move(*values));
  return {};
}

}  // namespace sr::expr
