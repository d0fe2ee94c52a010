#include "engine/state/keyed_state.h"

#include <algorithm>
#include <numeric>

#include "engine/data/codec.h"

namespace sr {

KeyedState::KeyedState(std::vector<TypeRef> keys, std::vector<TypeRef> columns, bool tracks_time)
    : table_(std::move(keys)), tracks_time_(tracks_time) {
  for (TypeRef& type : columns) columns_.emplace_back(std::move(type));
}

void KeyedState::fill(std::span<const ColumnRef> values, std::int64_t now_ms) {
  const std::uint32_t first = filled_;
  const std::uint32_t count = table_.size() - first;
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].append(*values[i], count);
  filled_ = table_.size();
  if (!tracks_time_) return;
  touched_.resize(filled_, now_ms);
  auto& due = due_[now_ms];
  for (std::uint32_t group = first; group < filled_; ++group) due.push_back(group);
}

std::vector<ColumnRef> KeyedState::values(std::span<const std::uint32_t> groups) const {
  std::vector<ColumnRef> columns;
  columns.reserve(columns_.size());
  for (const StateColumn& column : columns_) columns.push_back(column.values(groups));
  return columns;
}

ColumnRef KeyedState::times(std::span<const std::uint32_t> groups) const {
  if (!tracks_time_) return nullptr;
  const auto count = static_cast<std::uint32_t>(groups.size());
  auto column = std::make_shared<Column>(types::timestamp(), count);
  auto* values = column->make_values<std::int64_t>(count);
  for (std::uint32_t i = 0; i < count; ++i) values[i] = touched_[groups[i]] * 1000;
  return column;
}

void KeyedState::touch(std::span<const std::uint32_t> groups, std::int64_t now_ms) {
  if (!tracks_time_) return;
  auto& due = due_[now_ms];
  for (const std::uint32_t group : groups) {
    if (touched_[group] == now_ms) continue;
    touched_[group] = now_ms;
    due.push_back(group);
  }
}

void KeyedState::erase(std::uint32_t group) {
  table_.erase(group);
}

std::vector<std::uint32_t> KeyedState::expired(std::int64_t horizon_ms) {
  std::vector<std::uint32_t> found;
  while (!due_.empty() && due_.begin()->first <= horizon_ms) {
    for (const std::uint32_t group : due_.begin()->second) {
      if (touched_[group] == due_.begin()->first && !table_.is_erased(group)) found.push_back(group);
    }
    due_.erase(due_.begin());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::uint32_t> KeyedState::all() const {
  std::vector<std::uint32_t> groups;
  groups.reserve(table_.live());
  for (std::uint32_t group = 0; group < table_.size(); ++group) {
    if (!table_.is_erased(group)) groups.push_back(group);
  }
  return groups;
}

void KeyedState::tidy() {
  if (!table_.wants_compact()) return;
  const std::vector<std::uint32_t> kept = all();
  Vec<std::uint32_t> moved;
  table_.compact(moved);
  for (StateColumn& column : columns_) column.keep(kept);
  filled_ = table_.size();
  if (!tracks_time_) return;
  for (std::size_t i = 0; i < kept.size(); ++i) touched_[i] = touched_[kept[i]];
  touched_.resize(kept.size());
  due_.clear();
  for (std::uint32_t group = 0; group < touched_.size(); ++group) due_[touched_[group]].push_back(group);
}

std::size_t KeyedState::memory_bytes() const {
  std::size_t bytes = table_.memory_bytes() + touched_.capacity() * sizeof(std::int64_t);
  for (const StateColumn& column : columns_) bytes += column.memory_bytes();
  return bytes;
}

void KeyedState::encode(std::string& out) const {
  const std::vector<std::uint32_t> groups = all();
  table_.encode(out);
  const Selection every{nullptr, static_cast<std::uint32_t>(groups.size())};
  for (const StateColumn& column : columns_) encode_column(out, *column.values(groups), every);
  if (!tracks_time_) return;
  Column times(types::bigint(), every.count);
  auto* values = times.make_values<std::int64_t>(every.count);
  for (std::size_t i = 0; i < groups.size(); ++i) values[i] = touched_[groups[i]];
  encode_column(out, times, every);
}

Status KeyedState::decode(std::string_view* in) {
  SR_TRY(table_.decode(in));
  for (StateColumn& column : columns_) {
    auto values = decode_column(in, column.type());
    if (!values.ok()) return values.error();
    if ((*values)->size != table_.size()) return Error{"a keyed state is damaged: its columns differ in length"};
    column.append(**values, table_.size());
  }
  return decode_times(in);
}

Status KeyedState::decode_as(std::string_view* in, std::span<const TypeRef> saved,
                             std::span<const std::optional<std::size_t>> from, const FirstValues& first) {
  SR_TRY(table_.decode(in));
  const std::uint32_t count = table_.size();
  std::vector<ColumnRef> old;
  for (const TypeRef& type : saved) {
    auto values = decode_column(in, type);
    if (!values.ok()) return values.error();
    if ((*values)->size != count) return Error{"a keyed state is damaged: its columns differ in length"};
    old.push_back(std::move(*values));
  }
  auto fresh = first(table_.keys(0, count), count);
  if (!fresh.ok()) return fresh.error();
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].append(from[i] ? *old[*from[i]] : *(*fresh)[i], count);
  return decode_times(in);
}

Status KeyedState::decode_times(std::string_view* in) {
  filled_ = table_.size();
  if (!tracks_time_) return {};
  auto times = decode_column(in, types::bigint());
  if (!times.ok()) return times.error();
  if ((*times)->size != table_.size()) return Error{"a keyed state is damaged: its times differ in number"};
  for (std::uint32_t group = 0; group < table_.size(); ++group) {
    touched_.push_back((*times)->get<std::int64_t>(group));
    due_[touched_[group]].push_back(group);
  }
  return {};
}

}  // namespace sr
