// JSON values into columns. The rules stand in json_values.h. Tested in tests/unit/operators/json_format_test.cc.
#include "operators/formats/json_values.h"

#include <charconv>
#include <unordered_set>

namespace sr::operators {
namespace {

const char* kind_at(const JsonCursor& json) {
  switch (json.peek()) {
    case '"':
      return "a string";
    case '{':
      return "an object";
    case '[':
      return "an array";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    default:
      return "a number";
  }
}

bool is_null(JsonCursor& json, bool* ok) {
  if (json.peek() != 'n') return false;
  *ok = json.literal("null");
  return true;
}

}  // namespace

bool JsonValues::mismatch(const JsonCursor& json, const Type& type) {
  error_ = "expected " + type.name() + ", got " + kind_at(json);
  return false;
}

bool JsonValues::unreadable(std::string_view text, const Type& type, const char* word) {
  error_ = std::string(word) + ": `" + std::string(text.substr(0, 100)) + "` is not a " + type.name();
  return false;
}

bool JsonValues::read_string(JsonCursor& json, std::string_view* text) {
  if (!json.raw_string(text)) return false;
  if (!json.escaped(*text)) return true;
  if (!json.unescape(*text, &scratch_)) return false;
  *text = scratch_;
  return true;
}

bool JsonValues::read_int64(JsonCursor& json, const Type& type, std::int64_t* out) {
  if (json.take_integer(out)) return true;
  if (json.peek() != '-' && !(json.peek() >= '0' && json.peek() <= '9')) return mismatch(json, type);
  std::string_view text;
  if (!json.number(&text)) return false;
  if (text.find_first_of(".eE") == std::string_view::npos)
    error_ = "overflow: " + std::string(text.substr(0, 100)) + " does not fit bigint";
  else
    error_ = "expected bigint, got " + std::string(text.substr(0, 100));
  return false;
}

bool JsonValues::read_double(JsonCursor& json, const Type& type, double* out) {
  std::string_view text;
  if (json.peek() == '"') {
    if (!read_string(json, &text)) return false;
    if (text == "NaN" || text == "Infinity" || text == "-Infinity") return parse_double(text, out);
    error_ = "expected double, got a string";
    return false;
  }
  if (json.peek() != '-' && !(json.peek() >= '0' && json.peek() <= '9')) return mismatch(json, type);
  if (!json.number(&text)) return false;
  if (std::from_chars(text.data(), text.data() + text.size(), *out).ec == std::errc()) return true;
  return parse_double(text, out);
}

bool JsonValues::read_decimal(JsonCursor& json, const Type& type, Int128* out) {
  std::string_view text;
  if (json.peek() == '"') {
    if (!read_string(json, &text)) return false;
  } else if (json.peek() == '-' || (json.peek() >= '0' && json.peek() <= '9')) {
    if (!json.number(&text)) return false;
  } else {
    return mismatch(json, type);
  }
  switch (parse_decimal(text, type.precision, type.scale, out)) {
    case DecimalParse::ok:
      return true;
    case DecimalParse::malformed:
      return unreadable(text, type, "cast");
    case DecimalParse::overflow:
      break;
  }
  error_ = "overflow: " + std::string(text.substr(0, 100)) + " does not fit " + type.name();
  return false;
}

bool JsonValues::read_time(JsonCursor& json, const Type& type, std::int64_t* out) {
  std::string_view text;
  if (json.peek() != '"') return mismatch(json, type);
  if (!read_string(json, &text)) return false;
  const bool fits = type.id == TypeId::date ? parse_date(text, out) : parse_timestamp(text, out);
  return fits || unreadable(text, type, "cast");
}

bool JsonValues::read_boolean(JsonCursor& json, const Type& type, bool* out) {
  *out = json.peek() == 't';
  if (!*out && json.peek() != 'f') return mismatch(json, type);
  return json.literal(*out ? "true" : "false");
}

bool JsonValues::read_binary(JsonCursor& json, const Type& type) {
  std::string_view text;
  if (json.peek() != '"') return mismatch(json, type);
  if (!read_string(json, &text)) return false;
  if (decode_base64(text, &bytes_)) return true;
  error_ = "the text is not base64";
  return false;
}

// Any scalar as its text. Strings may point into scratch_, the rest into the input.
bool JsonValues::read_scalar_text(JsonCursor& json, const Type& type, std::string_view* text) {
  switch (json.peek()) {
    case '"':
      return read_string(json, text);
    case '{':
    case '[':
      return mismatch(json, type);
    default:
      return json.value(text);
  }
}

bool JsonValues::put_text(JsonCursor& json, ChunkMaker& maker, Slot& slot) {
  std::string_view text;
  if (slot.type->id == TypeId::binary) {
    if (!read_binary(json, *slot.type)) return false;
    maker.set_copied(slot, bytes_);
    return true;
  }
  const bool fine = slot.type->id == TypeId::variant ? json.value(&text) : read_scalar_text(json, *slot.type, &text);
  if (!fine) return false;
  if (text.data() == scratch_.data())
    maker.set_copied(slot, text);
  else
    maker.set(slot, Str::padded(text.data(), static_cast<std::uint32_t>(text.size())));
  return true;
}

bool JsonValues::put(JsonCursor& json, ChunkMaker& maker, Slot& slot) {
  bool ok = true;
  if (is_null(json, &ok)) {
    maker.set_null(slot);
    return ok;
  }
  switch (slot.type->id) {
    case TypeId::bigint: {
      std::int64_t value;
      if (!read_int64(json, *slot.type, &value)) return false;
      maker.set(slot, value);
      return true;
    }
    case TypeId::float64: {
      double value;
      if (!read_double(json, *slot.type, &value)) return false;
      maker.set(slot, value);
      return true;
    }
    case TypeId::boolean: {
      bool value;
      if (!read_boolean(json, *slot.type, &value)) return false;
      maker.set<std::uint8_t>(slot, value);
      return true;
    }
    case TypeId::timestamp:
    case TypeId::date: {
      std::int64_t value;
      if (!read_time(json, *slot.type, &value)) return false;
      maker.set(slot, value);
      return true;
    }
    case TypeId::decimal: {
      Int128 value;
      if (!read_decimal(json, *slot.type, &value)) return false;
      maker.set(slot, value);
      return true;
    }
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return put_text(json, maker, slot);
    default:
      return append(json, maker.nested(slot));
  }
}

bool JsonValues::append(JsonCursor& json, ColumnBuilder& to) {
  bool ok = true;
  if (is_null(json, &ok)) {
    to.append_null();
    return ok;
  }
  switch (to.type()->id) {
    case TypeId::array:
      return append_array(json, to);
    case TypeId::map:
      return append_map(json, to);
    case TypeId::structure:
      return append_structure(json, to);
    default:
      return append_scalar(json, to);
  }
}

bool JsonValues::append_scalar(JsonCursor& json, ColumnBuilder& to) {
  const Type& type = *to.type();
  std::int64_t number;
  double real;
  bool flag;
  Int128 decimal;
  std::string_view text;
  switch (type.id) {
    case TypeId::bigint:
      return read_int64(json, type, &number) && (to.append_int(number), true);
    case TypeId::timestamp:
    case TypeId::date:
      return read_time(json, type, &number) && (to.append_int(number), true);
    case TypeId::float64:
      return read_double(json, type, &real) && (to.append_double(real), true);
    case TypeId::boolean:
      return read_boolean(json, type, &flag) && (to.append_bool(flag), true);
    case TypeId::decimal:
      return read_decimal(json, type, &decimal) && (to.append_decimal(decimal), true);
    case TypeId::binary:
      return read_binary(json, type) && (to.append_string(bytes_), true);
    case TypeId::variant:
      return json.value(&text) && (to.append_string(text), true);
    case TypeId::string:
      return read_scalar_text(json, type, &text) && (to.append_string(text), true);
    default:
      return mismatch(json, type);
  }
}

// Depth is bounded by the type's.
bool JsonValues::append_array(JsonCursor& json, ColumnBuilder& to) {
  if (!json.take('[')) return mismatch(json, *to.type());
  if (!json.take(']')) {
    do {
      if (!append(json, to.child(0))) return false;
    } while (json.take(','));
    if (!json.take(']')) return json.fail("expected `,` or `]`");
  }
  to.end_list();
  return true;
}

bool JsonValues::append_entries(JsonCursor& json, ColumnBuilder& to, const std::vector<bool>* keep) {
  if (!json.take('{')) return mismatch(json, *to.type());
  keys_.clear();
  if (json.take('}')) return true;
  do {
    std::string_view key;
    if (!read_string(json, &key)) return false;
    const bool wanted = !keep || (*keep)[keys_.size()];
    if (wanted) to.child(0).append_string(key);
    keys_.emplace_back(key);
    if (!json.take(':')) return json.fail("expected `:`");
    if (!(wanted ? append(json, to.child(1)) : json.skip())) return false;
  } while (json.take(','));
  return json.take('}') || json.fail("expected `,` or `}`");
}

bool JsonValues::append_map(JsonCursor& json, ColumnBuilder& to) {
  JsonCursor again = json;
  std::vector<std::string> outer = std::move(keys_);  // of a map around this one
  bool fine = append_entries(json, to, nullptr);
  std::unordered_set<std::string_view> seen;
  std::vector<bool> keep(keys_.size());
  for (std::size_t i = keys_.size(); i-- > 0;) keep[i] = seen.insert(keys_[i]).second;
  if (fine && seen.size() != keys_.size()) {  // the last of equal names wins: read once more without the others
    seen.clear();
    to.truncate(to.size());
    fine = append_entries(again, to, &keep);
  }
  keys_ = std::move(outer);
  if (fine) to.end_list();
  return fine;
}

bool JsonValues::append_structure(JsonCursor& json, ColumnBuilder& to) {
  const std::vector<Field>& fields = to.type()->fields;
  if (!json.take('{')) return mismatch(json, *to.type());
  const std::uint32_t row = to.size();
  if (!json.take('}')) {
    do {
      std::string_view key;
      if (!read_string(json, &key)) return false;
      std::size_t index = 0;
      while (index < fields.size() && fields[index].name != key) ++index;
      if (!json.take(':')) return json.fail("expected `:`");
      if (index == fields.size()) {
        if (!json.skip()) return false;
        continue;
      }
      to.child(index).truncate(row);
      if (!append(json, to.child(index))) return false;
    } while (json.take(','));
    if (!json.take('}')) return json.fail("expected `,` or `}`");
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (to.child(i).size() == row) to.child(i).append_null();
  }
  to.end_struct();
  return true;
}

}  // namespace sr::operators
