// Appending JSON values of inline rows and job tests to builders. Values are checked first, so that a failure leaves
// the builder as it was. Entry point: append_json. The wire format's decoder is an operator's. Tested in
// tests/unit/data/codec_json_test.cc.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/data/codec.h"

namespace sr {
namespace {

using Json = nlohmann::json;

const char* kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "integer";
    case Json::value_t::number_float:
      return "double";
    case Json::value_t::string:
      return "string";
    case Json::value_t::array:
      return "array";
    case Json::value_t::object:
      return "object";
    default:
      return "value";
  }
}

// Either checks that values fit (builder null) or appends values that do.
class JsonAppender {
 public:
  Status put(ColumnBuilder* to, const Type& type, const Json& value) {
    if (value.is_null()) {
      if (to) to->append_null();
      return {};
    }
    switch (type.id) {
      case TypeId::null:
        return mismatch(type, value);
      case TypeId::boolean:
        if (!value.is_boolean()) return mismatch(type, value);
        if (to) to->append_bool(value.get<bool>());
        return {};
      case TypeId::bigint:
        return put_bigint(to, type, value);
      case TypeId::float64:
        return put_double(to, type, value);
      case TypeId::decimal:
        return put_decimal(to, type, value);
      case TypeId::string:
        if (value.is_structured()) return mismatch(type, value);
        if (to) to->append_string(scalar_text(value));
        return {};
      case TypeId::binary:
        return put_binary(to, type, value);
      case TypeId::timestamp:
      case TypeId::date:
        return put_time(to, type, value);
      case TypeId::array:
        return put_array(to, type, value);
      case TypeId::map:
        return put_map(to, type, value);
      case TypeId::structure:
        return put_structure(to, type, value);
      case TypeId::variant:
        if (to) to->append_string(value.dump(-1, ' ', false, Json::error_handler_t::replace));
        return {};
    }
    return {};
  }

 private:
  Error wrong(const std::string& message) const {
    return Error{path_.empty() ? message : fmt::format("field {}: {}", path_, message)};
  }
  Error mismatch(const Type& type, const Json& value) const {
    return wrong(fmt::format("expected {}, got {}", type.name(), kind_of(value)));
  }
  Error unreadable(const Type& type, const std::string& text) const {
    return wrong(fmt::format("cast: `{}` is not a {}", text.substr(0, 100), type.name()));
  }
  static std::string scalar_text(const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>();
    if (!value.is_number_float()) return value.dump();
    TextBuffer text;
    write_double(text, value.get<double>());
    return std::string(text.view());
  }

  Status put_bigint(ColumnBuilder* to, const Type& type, const Json& value) {
    if (!value.is_number_integer()) return mismatch(type, value);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)
      return wrong("overflow: the number does not fit bigint");
    if (to) to->append_int(value.get<std::int64_t>());
    return {};
  }
  Status put_double(ColumnBuilder* to, const Type& type, const Json& value) {
    double number = 0;
    if (value.is_number()) {
      number = value.get<double>();
    } else if (!value.is_string()) {
      return mismatch(type, value);
    } else {
      const std::string& text = value.get_ref<const std::string&>();
      if (text != "NaN" && text != "Infinity" && text != "-Infinity") return mismatch(type, value);
      parse_double(text, &number);
    }
    if (to) to->append_double(number);
    return {};
  }
  Status put_decimal(ColumnBuilder* to, const Type& type, const Json& value) {
    if (!value.is_number() && !value.is_string()) return mismatch(type, value);
    const std::string text = scalar_text(value);
    Int128 unscaled = 0;
    const DecimalParse parsed = parse_decimal(text, type.precision, type.scale, &unscaled);
    if (parsed == DecimalParse::malformed) return unreadable(type, text);
    if (parsed == DecimalParse::overflow)
      return wrong(fmt::format("overflow: {} does not fit {}", text.substr(0, 100), type.name()));
    if (to) to->append_decimal(unscaled);
    return {};
  }
  Status put_binary(ColumnBuilder* to, const Type& type, const Json& value) {
    if (!value.is_string()) return mismatch(type, value);
    std::string bytes;
    if (!decode_base64(value.get_ref<const std::string&>(), &bytes)) return wrong("the text is not base64");
    if (to) to->append_string(bytes);
    return {};
  }
  Status put_time(ColumnBuilder* to, const Type& type, const Json& value) {
    if (!value.is_string()) return mismatch(type, value);
    const std::string& text = value.get_ref<const std::string&>();
    std::int64_t number = 0;
    const bool fits = type.id == TypeId::date ? parse_date(text, &number) : parse_timestamp(text, &number);
    if (!fits) return unreadable(type, text);
    if (to) to->append_int(number);
    return {};
  }
  Status put_array(ColumnBuilder* to, const Type& type, const Json& value) {
    if (!value.is_array()) return mismatch(type, value);
    for (std::size_t i = 0; i < value.size(); ++i) {
      SR_TRY(put_at(fmt::format("[{}]", i), to ? &to->child(0) : nullptr, *type.element(), value[i]));
    }
    if (to) to->end_list();
    return {};
  }
  Status put_map(ColumnBuilder* to, const Type& type, const Json& value) {
    if (!value.is_object()) return mismatch(type, value);
    for (const auto& [key, entry] : value.items()) {
      if (to) to->child(0).append_string(key);
      SR_TRY(put_at(key, to ? &to->child(1) : nullptr, *type.element(), entry));
    }
    if (to) to->end_list();
    return {};
  }
  Status put_structure(ColumnBuilder* to, const Type& type, const Json& value) {
    if (value.is_array() ? value.size() != type.fields.size() : !value.is_object()) return mismatch(type, value);
    std::size_t found = 0;
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      const Field& field = type.fields[i];
      const Json* entry = value.is_array() ? &value[i] : member(value, field.name);
      ColumnBuilder* child = to ? &to->child(i) : nullptr;
      if (entry) {
        ++found;
        SR_TRY(put_at(field.name, child, *field.type, *entry));
      } else if (child) {
        child->append_null();
      }
    }
    if (found != value.size()) return unknown_field(type, value);
    if (to) to->end_struct();
    return {};
  }

  static const Json* member(const Json& object, const std::string& name) {
    const auto exact = object.find(name);
    if (exact != object.end()) return &*exact;
    for (auto it = object.begin(); it != object.end(); ++it) {
      if (same_name(it.key(), name)) return &*it;
    }
    return nullptr;
  }
  Error unknown_field(const Type& type, const Json& object) const {
    const Schema schema(type.fields);
    for (const auto& [key, entry] : object.items()) {
      if (!schema.find(key)) return wrong(fmt::format("unknown field `{}`", key));
    }
    return wrong("a field stands twice");
  }

  Status put_at(const std::string& step, ColumnBuilder* to, const Type& type, const Json& value) {
    const std::size_t before = path_.size();
    if (!path_.empty() && step[0] != '[') path_ += '.';
    path_ += step;
    Status status = put(to, type, value);
    path_.resize(before);
    return status;
  }

  std::string path_;
};

}  // namespace

Status append_json(ColumnBuilder& builder, const nlohmann::json& value) {
  JsonAppender appender;
  SR_TRY(appender.put(nullptr, *builder.type(), value));
  return appender.put(&builder, *builder.type(), value);
}

}  // namespace sr
