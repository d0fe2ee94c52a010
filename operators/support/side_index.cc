#include "operators/support/side_index.h"

#include <algorithm>

namespace sr::operators {

namespace {

// So many matches are sorted and picked in any case; of more only if they are a small part of the window.
constexpr std::size_t kFewRows = 4096;
constexpr std::size_t kSmallPart = 8;

Selection all_of(const std::vector<std::uint32_t>& rows) {
  return {rows.data(), static_cast<std::uint32_t>(rows.size())};
}

}  // namespace

SideIndex::SideIndex(std::vector<expr::BoundRef> keys, std::vector<TypeRef> types)
    : keys_(std::move(keys)), table_(std::move(types)) {}

void SideIndex::follow(const SideRows& side, const flow::BatchContext& context) {
  while (!batches_.empty() && first_ != side.first_batch()) leave();
  first_ = side.first_batch();
  for (std::size_t i = batches_.size(); i < side.batches().size(); ++i) enter(side.batches()[i].rows, context);
}

void SideIndex::enter(const Chunk& rows, const flow::BatchContext& context) {
  const auto number = first_ + static_cast<std::uint32_t>(batches_.size());
  expr::RowErrors errors;
  Batch& entered = batches_.emplace_back();
  entered.keys = evaluate_keys(keys_, rows, context, errors);
  entered.failed = !errors.empty();
  if (entered.failed) ++failed_;
  entered.next.resize(rows.rows, Place{});
  rows_ += rows.rows;
  const std::vector<std::uint32_t> listed = rows_with_keys(entered.keys, rows.selection());
  Vec<std::uint32_t> key_of(listed.size());
  table_.find_or_insert(entered.keys, all_of(listed), key_of.data());
  oldest_.resize(table_.size(), Place{});
  newest_.resize(table_.size(), Place{});
  asked_.resize(table_.size(), lookup_);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const std::uint32_t key = key_of[i];
    const Place place{number, listed[i]};
    if (oldest_[key].row == kNoRow) {
      oldest_[key] = place;
    } else {
      batch(newest_[key].batch).next[newest_[key].row] = place;
    }
    newest_[key] = place;
  }
}

void SideIndex::leave() {
  const Batch& left = batches_.front();
  const std::vector<std::uint32_t> listed =
      rows_with_keys(left.keys, Selection{nullptr, static_cast<std::uint32_t>(left.next.size())});
  Vec<std::uint32_t> key_of(listed.size());
  table_.find(left.keys, all_of(listed), key_of.data());
  for (std::size_t i = 0; i < listed.size(); ++i) {
    // The rows of a key leave as they came, so that this one is its oldest.
    oldest_[key_of[i]] = left.next[listed[i]];
    if (oldest_[key_of[i]].row == kNoRow) table_.erase(key_of[i]);
  }
  if (left.failed) --failed_;
  rows_ -= left.next.size();
  batches_.pop_front();
  ++first_;
  if (table_.wants_compact()) compact();
}

void SideIndex::compact() {
  Vec<std::uint32_t> moved;
  table_.compact(moved);
  for (std::uint32_t key = 0; key < moved.size(); ++key) {
    if (moved[key] == kNoGroup) continue;
    oldest_[moved[key]] = oldest_[key];
    newest_[moved[key]] = newest_[key];
    asked_[moved[key]] = asked_[key];
  }
  oldest_.resize(table_.size(), Place{});
  newest_.resize(table_.size(), Place{});
  asked_.resize(table_.size(), lookup_);
}

bool SideIndex::collect(const Wanted& wanted, std::size_t most, Vec<std::uint64_t>& found) {
  const std::vector<std::uint32_t> listed = rows_with_keys(wanted.keys, wanted.rows);
  Vec<std::uint32_t> key_of(listed.size());
  table_.find(wanted.keys, all_of(listed), key_of.data());
  ++lookup_;
  for (const std::uint32_t key : key_of) {
    if (key == kNoGroup || asked_[key] == lookup_) continue;
    asked_[key] = lookup_;
    for (Place place = oldest_[key]; place.row != kNoRow; place = batch(place.batch).next[place.row]) {
      if (found.size() == most) return false;
      found.push_back(std::uint64_t{place.batch - first_} << 32 | place.row);
      if (wanted.first_only) break;
    }
  }
  return true;
}

std::optional<Chunk> SideIndex::matching(const SideRows& side, const Wanted& wanted) {
  if (failed_ > 0) return std::nullopt;
  Vec<std::uint64_t> found;
  const std::size_t most = std::max<std::size_t>(kFewRows, side.rows() / kSmallPart);
  if (!collect(wanted, most, found)) return std::nullopt;
  std::sort(found.begin(), found.end());
  std::vector<Chunk> parts;
  for (std::size_t at = 0; at < found.size();) {
    const auto number = static_cast<std::size_t>(found[at] >> 32);
    auto rows = std::make_shared<Vec<std::uint32_t>>();
    for (; at < found.size() && (found[at] >> 32) == number; ++at)
      rows->push_back(static_cast<std::uint32_t>(found[at]));
    Chunk part = side.batches()[number].rows;
    part.selected = std::move(rows);
    parts.push_back(std::move(part));
  }
  Chunk table = side.concat(parts);
  // Rows without a match get an event time of the other side, also where nothing is here.
  if (table.rows == 0 && side.rows() > 0 && side.batches().front().rows.event_time)
    table.event_time = null_column(types::timestamp(), 0);
  return table;
}

std::size_t SideIndex::memory_bytes() const {
  std::size_t bytes = table_.memory_bytes();
  bytes += (oldest_.capacity() + newest_.capacity()) * sizeof(Place) + asked_.capacity() * sizeof(std::uint32_t);
  return bytes + rows_ * sizeof(Place);
}

bool depends_on_batch(const expr::BoundExpr& expression) {
  if (!expression.deterministic || expression.kind == expr::BoundExpr::Kind::batch_time) return true;
  return std::any_of(expression.args.begin(), expression.args.end(),
                     [](const expr::BoundRef& arg) { return depends_on_batch(*arg); });
}

}  // namespace sr::operators
