// ColumnBuilder and StrArena: building columns value by value. Picking rows of finished columns is in gather.cc.
// Tested in tests/unit/data/builder_test.cc.
#include "engine/data/builder.h"

#include <algorithm>

namespace sr {

namespace {
constexpr std::size_t kFirstBlock = 4 * 1024;
constexpr std::size_t kLargestBlock = 1024 * 1024;
}  // namespace

void StrArena::Free::operator()(char* block) const {
  std::free(block);
}

char* StrArena::allocate(std::size_t size) {
  if (size <= capacity_ - used_ && !blocks_.empty()) {
    char* at = blocks_.back().get() + used_;
    used_ += size;
    return at;
  }
  const std::size_t next = std::clamp(capacity_ * 2, kFirstBlock, kLargestBlock);
  const bool oversized = size > next / 2;
  const std::size_t block_size = oversized ? size : next;
  std::unique_ptr<char, Free> block(static_cast<char*>(std::malloc(block_size + kReadablePadding)));
  SR_CHECK(block != nullptr);
  char* at = block.get();
  total_ += block_size;
  if (oversized) {  // stands before the current block, which goes on being filled
    blocks_.insert(capacity_ ? blocks_.end() - 1 : blocks_.end(), std::move(block));
    return at;
  }
  blocks_.push_back(std::move(block));
  capacity_ = block_size;
  used_ = size;
  return at;
}

Str StrArena::add(std::string_view text) {
  if (text.size() <= Str::kInline) return Str(text);
  char* at = allocate(text.size());
  std::memcpy(at, text.data(), text.size());
  return Str(at, static_cast<std::uint32_t>(text.size()));
}

void StrArena::clear() {
  if (capacity_) {
    std::swap(blocks_.front(), blocks_.back());
    blocks_.resize(1);
  } else {
    blocks_.clear();
  }
  used_ = 0;
  total_ = capacity_;
}

ColumnBuilder::ColumnBuilder(TypeRef type) : type_(std::move(type)) {
  if (type_->id == TypeId::array || type_->id == TypeId::map) offsets_.push_back(0);
  if (type_->id == TypeId::map) children_.emplace_back(types::string());
  for (const Field& field : type_->fields) children_.emplace_back(field.type);
}

ColumnBuilder::~ColumnBuilder() = default;
ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;
ColumnBuilder& ColumnBuilder::operator=(ColumnBuilder&&) noexcept = default;

void ColumnBuilder::mark(bool valid) {
  const std::size_t word = size_ >> 6;
  if (!valid && validity_.empty()) validity_.resize(word + 1, ~std::uint64_t{0});
  if (!validity_.empty()) {
    if (word >= validity_.size()) validity_.push_back(~std::uint64_t{0});
    if (!valid) validity_[word] &= ~(std::uint64_t{1} << (size_ & 63));
  }
  ++size_;
}

void ColumnBuilder::append_null() {
  if (const std::size_t width = value_width(type_->id)) {
    const std::size_t before = values_.size();
    values_.resize(before + width);
    std::memset(values_.data() + before, 0, width);
  } else if (type_->id == TypeId::structure) {
    for (ColumnBuilder& child : children_) child.append_null();
  } else if (!offsets_.empty()) {
    offsets_.push_back(offsets_.back());
  } else {
    ++size_;  // null type: nothing but the length
    return;
  }
  mark(false);
}

namespace {
template <class T>
void put(Vec<std::byte>& values, const T& value) {
  values.append(reinterpret_cast<const std::byte*>(&value), sizeof(T));
}
}  // namespace

void ColumnBuilder::append_bool(bool value) {
  put<std::uint8_t>(values_, value ? 1 : 0);
  mark(true);
}

void ColumnBuilder::append_int(std::int64_t value) {
  put(values_, value);
  mark(true);
}

void ColumnBuilder::append_double(double value) {
  put(values_, value);
  mark(true);
}

void ColumnBuilder::append_decimal(Int128 unscaled) {
  put(values_, unscaled);
  mark(true);
}

void ColumnBuilder::append_string(std::string_view text) {
  if (text.size() > Str::kInline && !arena_) arena_ = std::make_shared<StrArena>();
  append_view(arena_ ? arena_->add(text) : Str(text));
}

void ColumnBuilder::append_view(Str view) {
  put(values_, view);
  mark(true);
}

void ColumnBuilder::add_holder(Holder holder) {
  if (holders_.empty() || holders_.back() != holder) holders_.push_back(std::move(holder));
}

void ColumnBuilder::end_list() {
  offsets_.push_back(children_[0].size());
  mark(true);
}

void ColumnBuilder::end_struct() {
  mark(true);
}

void ColumnBuilder::append_from(const Column& from, std::uint32_t row) {
  if (!from.valid(row)) return append_null();
  switch (type_->id) {
    case TypeId::null:
      return append_null();
    case TypeId::boolean:
      return append_bool(from.get<std::uint8_t>(row) != 0);
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return append_int(from.get<std::int64_t>(row));
    case TypeId::float64:
      return append_double(from.get<double>(row));
    case TypeId::decimal:
      return append_decimal(from.get<Int128>(row));
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return append_string(from.get<Str>(row).view());
    case TypeId::structure:
      for (std::size_t i = 0; i < children_.size(); ++i) children_[i].append_from(*from.children[i], from.at(row));
      return end_struct();
    case TypeId::array:
    case TypeId::map:
      for (std::size_t c = 0; c < children_.size(); ++c) {
        for (std::uint32_t i = from.begin_of(row); i < from.end_of(row); ++i)
          children_[c].append_from(*from.children[c], i);
      }
      return end_list();
  }
}

void ColumnBuilder::truncate(std::uint32_t size) {
  size_ = size;
  values_.resize(size * value_width(type_->id));
  const std::size_t words = (static_cast<std::size_t>(size) + 63) / 64;
  if (validity_.size() > words) validity_.resize(words);
  if (validity_.size() == words && size % 64) validity_[words - 1] |= ~std::uint64_t{0} << (size % 64);
  std::uint32_t entries = size;
  if (!offsets_.empty()) {
    offsets_.resize(static_cast<std::size_t>(size) + 1);
    entries = offsets_.back();
  }
  for (ColumnBuilder& child : children_) child.truncate(entries);
}

std::shared_ptr<Column> ColumnBuilder::finish() {
  auto column = std::make_shared<Column>(type_, size_);
  column->validity = std::move(validity_);
  column->values = std::move(values_);
  column->offsets = std::move(offsets_);
  for (ColumnBuilder& child : children_) column->children.push_back(child.finish());
  column->holders = std::move(holders_);
  if (arena_) column->holders.push_back(std::move(arena_));
  size_ = 0;
  validity_ = {};
  values_ = {};
  offsets_ = {};
  holders_.clear();
  arena_.reset();
  if (type_->id == TypeId::array || type_->id == TypeId::map) offsets_.push_back(0);
  return column;
}

}  // namespace sr
