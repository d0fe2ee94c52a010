// The one binary encoding of columns, for logs and checkpoints, stable between versions; laid down in
// docs/formats/columns.md. Entry points: encode_column, decode_column. The type is not written: the reader knows it.
// Tested in tests/unit/data/codec_binary_test.cc.
#include "engine/data/codec.h"

namespace sr {
namespace {

constexpr std::uint8_t kHasNulls = 1;
constexpr std::uint8_t kConstant = 2;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

Error damaged(const char* what) {
  return Error{std::string("damaged column: ") + what};
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view* input) : input_(input) {}
  template <class T>
  bool take(T* out) {
    const char* at = bytes(sizeof(T));
    if (at) std::memcpy(out, at, sizeof(T));
    return at != nullptr;
  }
  // Gives the next `size` bytes, or null.
  const char* bytes(std::uint64_t size) {
    if (size > input_->size()) return nullptr;
    const char* at = input_->data();
    input_->remove_prefix(size);
    return at;
  }

 private:
  std::string_view* input_;
};

void encode_validity(std::string& out, const Column& column, std::uint32_t rows) {
  for (std::uint32_t i = 0; i < rows; i += 8) {
    std::uint8_t bits = 0;
    for (std::uint32_t b = 0; b < 8 && i + b < rows; ++b) bits |= static_cast<std::uint8_t>(column.valid(i + b) << b);
    put(out, bits);
  }
}

void encode_strings(std::string& out, const Column& column, std::uint32_t rows) {
  const Str* strings = column.data<Str>();
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::uint32_t size = column.valid(i) ? strings[i].size : 0;
    put(out, size);
    total += size;
  }
  out.reserve(out.size() + total);
  for (std::uint32_t i = 0; i < rows; ++i) {
    if (column.valid(i)) out.append(strings[i].view());
  }
}

void encode_dense(std::string& out, const Column& column) {
  const std::uint32_t rows = column.physical_size();
  if (column.type->is_text()) return encode_strings(out, column, rows);
  if (const std::size_t width = value_width(column.type->id)) {
    out.append(reinterpret_cast<const char*>(column.values.data()), rows * width);
    return;
  }
  if (column.type->id == TypeId::structure) {
    for (const ColumnRef& child : column.children) encode_column(out, *child, {nullptr, rows});
    return;
  }
  if (column.type->id == TypeId::null) return;
  out.append(reinterpret_cast<const char*>(column.offsets.data()), (rows + 1) * sizeof(std::uint32_t));
  for (const ColumnRef& child : column.children) encode_column(out, *child, {nullptr, column.offsets[rows]});
}

Status decode_validity(ByteReader& in, Column& column, std::uint32_t rows) {
  const char* bits = in.bytes((static_cast<std::uint64_t>(rows) + 7) / 8);
  if (!bits) return damaged("validity ends early");
  column.validity.resize(rows ? (static_cast<std::size_t>(rows) + 63) / 64 : 1, ~std::uint64_t{0});
  std::memcpy(column.validity.data(), bits, (static_cast<std::size_t>(rows) + 7) / 8);
  return {};
}

Status decode_strings(ByteReader& in, Column& column, std::uint32_t rows) {
  const char* sizes = in.bytes(static_cast<std::uint64_t>(rows) * 4);
  if (!sizes) return damaged("string sizes end early");
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < rows; ++i) {
    std::uint32_t size = 0;
    std::memcpy(&size, sizes + i * std::size_t{4}, 4);
    total += size;
  }
  const char* from = in.bytes(total);
  if (!from) return damaged("string bytes end early");
  auto arena = std::make_shared<StrArena>();
  char* text = arena->allocate(total);
  std::memcpy(text, from, total);
  Str* strings = column.make_values<Str>(rows);
  for (std::uint32_t i = 0; i < rows; ++i) {
    std::uint32_t size = 0;
    std::memcpy(&size, sizes + i * std::size_t{4}, 4);
    strings[i] = Str(text, size);
    text += size;
  }
  column.holders.push_back(std::move(arena));
  return {};
}

Status decode_child(std::string_view* input, Column& column, const TypeRef& type, std::uint32_t rows) {
  Result<ColumnRef> child = decode_column(input, type);
  if (!child.ok()) return child.error();
  if ((*child)->size != rows) return damaged("a child has another length");
  column.children.push_back(*child);
  return {};
}

Status decode_list(std::string_view* input, Column& column, std::uint32_t rows) {
  ByteReader in(input);
  const char* offsets = in.bytes((static_cast<std::uint64_t>(rows) + 1) * 4);
  if (!offsets) return damaged("offsets end early");
  column.offsets.resize(static_cast<std::size_t>(rows) + 1);
  std::memcpy(column.offsets.data(), offsets, (static_cast<std::size_t>(rows) + 1) * 4);
  if (column.offsets[0] != 0) return damaged("offsets do not begin at 0");
  for (std::uint32_t i = 0; i < rows; ++i) {
    if (column.offsets[i] > column.offsets[i + 1]) return damaged("offsets are not ascending");
  }
  if (column.type->id == TypeId::map) SR_TRY(decode_child(input, column, types::string(), column.offsets[rows]));
  return decode_child(input, column, column.type->element(), column.offsets[rows]);
}

Status decode_dense(std::string_view* input, Column& column) {
  ByteReader in(input);
  const std::uint32_t rows = column.physical_size();
  if (column.type->is_text()) return decode_strings(in, column, rows);
  if (const std::size_t width = value_width(column.type->id)) {
    const char* from = in.bytes(static_cast<std::uint64_t>(rows) * width);
    if (!from) return damaged("values end early");
    column.values.append(reinterpret_cast<const std::byte*>(from), rows * width);
    return {};
  }
  if (column.type->id == TypeId::structure) {
    for (const Field& field : column.type->fields) SR_TRY(decode_child(input, column, field.type, rows));
    return {};
  }
  return column.type->id == TypeId::null ? Status() : decode_list(input, column, rows);
}

}  // namespace

void encode_column(std::string& out, const Column& column, Selection selection) {
  if (!selection.is_all() || selection.count != column.size) {
    const ColumnRef borrowed(&column, [](const Column*) {});
    return encode_column(out, *gather(borrowed, selection), {nullptr, selection.count});
  }
  if (!column.constant && (column.type->id == TypeId::array || column.type->id == TypeId::map) && column.size &&
      column.offsets[0] != 0) {
    Vec<std::uint32_t> rows(column.size);
    for (std::uint32_t i = 0; i < column.size; ++i) rows[i] = i;
    const ColumnRef borrowed(&column, [](const Column*) {});
    return encode_column(out, *gather(borrowed, {rows.data(), column.size}), {nullptr, column.size});
  }
  put(out, static_cast<std::uint8_t>(column.type->id));
  const bool nulls = !column.validity.empty();
  put(out, static_cast<std::uint8_t>((nulls ? kHasNulls : 0) | (column.constant ? kConstant : 0)));
  put(out, column.size);
  if (nulls) encode_validity(out, column, column.physical_size());
  encode_dense(out, column);
}

Result<ColumnRef> decode_column(std::string_view* input, const TypeRef& type) {
  ByteReader in(input);
  std::uint8_t id = 0;
  std::uint8_t flags = 0;
  std::uint32_t size = 0;
  if (!in.take(&id) || !in.take(&flags) || !in.take(&size)) return damaged("the head ends early");
  if (id != static_cast<std::uint8_t>(type->id) && id != static_cast<std::uint8_t>(TypeId::null))
    return damaged("another type");
  if (flags & ~(kHasNulls | kConstant)) return damaged("unknown flags");
  const bool untyped = id != static_cast<std::uint8_t>(type->id);
  auto column = std::make_shared<Column>(untyped ? types::null() : type, size);
  column->constant = (flags & kConstant) != 0;
  if (flags & kHasNulls) {
    const Status status = decode_validity(in, *column, column->physical_size());
    if (!status.ok()) return status.error();
  }
  const Status status = decode_dense(input, *column);
  if (!status.ok()) return status.error();
  return untyped ? null_column(type, size) : ColumnRef(std::move(column));
}

}  // namespace sr
