// Types and schemas: names, equality, construction. Reading of type texts is in type_parser.cc. Knows nothing of
// values. Tested in tests/unit/data/type_test.cc.
#include "engine/data/type.h"

#include "engine/base/text.h"

namespace sr {
namespace {

bool plain_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const char l = ascii_lower(c);
    if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

std::string quoted_name(std::string_view name) {
  if (plain_name(name)) return std::string(name);
  std::string out = "`";
  for (const char c : name) out += c == '`' ? std::string("``") : std::string(1, c);
  return out + "`";
}

TypeRef make(TypeId id) {
  auto type = std::make_shared<Type>();
  type->id = id;
  return type;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = a.size(); i-- > 0;) {  // names such as c1, c2 differ at their end
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

// `unknown` is the type of a column whose expression has an error.
static std::string type_name(const TypeRef& type) {
  return type ? type->name() : "unknown";
}

std::string Type::name() const {
  switch (id) {
    case TypeId::null:
      return "void";
    case TypeId::boolean:
      return "boolean";
    case TypeId::bigint:
      return "bigint";
    case TypeId::float64:
      return "double";
    case TypeId::string:
      return "string";
    case TypeId::binary:
      return "binary";
    case TypeId::timestamp:
      return "timestamp";
    case TypeId::date:
      return "date";
    case TypeId::variant:
      return "variant";
    case TypeId::decimal:
      return "decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    case TypeId::array:
      return "array<" + type_name(element()) + ">";
    case TypeId::map:
      return "map<string," + type_name(element()) + ">";
    case TypeId::structure:
      break;
  }
  std::string out = "struct<";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i) out += ',';
    out += quoted_name(fields[i].name) + ":" + type_name(fields[i].type);
  }
  return out + ">";
}

bool Type::operator==(const Type& other) const {
  if (id != other.id || precision != other.precision || scale != other.scale) return false;
  if (fields.size() != other.fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (id == TypeId::structure && !same_name(fields[i].name, other.fields[i].name)) return false;
    if (!same_type(fields[i].type, other.fields[i].type)) return false;
  }
  return true;
}

namespace types {

TypeRef null() {
  static const TypeRef type = make(TypeId::null);
  return type;
}
TypeRef boolean() {
  static const TypeRef type = make(TypeId::boolean);
  return type;
}
TypeRef bigint() {
  static const TypeRef type = make(TypeId::bigint);
  return type;
}
TypeRef float64() {
  static const TypeRef type = make(TypeId::float64);
  return type;
}
TypeRef string() {
  static const TypeRef type = make(TypeId::string);
  return type;
}
TypeRef binary() {
  static const TypeRef type = make(TypeId::binary);
  return type;
}
TypeRef timestamp() {
  static const TypeRef type = make(TypeId::timestamp);
  return type;
}
TypeRef date() {
  static const TypeRef type = make(TypeId::date);
  return type;
}
TypeRef variant() {
  static const TypeRef type = make(TypeId::variant);
  return type;
}

TypeRef decimal(int precision, int scale) {
  SR_CHECK(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision);
  auto type = std::make_shared<Type>();
  type->id = TypeId::decimal;
  type->precision = static_cast<std::uint8_t>(precision);
  type->scale = static_cast<std::uint8_t>(scale);
  return type;
}

TypeRef array(TypeRef element) {
  auto type = std::make_shared<Type>();
  type->id = TypeId::array;
  type->fields.push_back({"element", std::move(element)});
  return type;
}

TypeRef structure(std::vector<Field> fields) {
  auto type = std::make_shared<Type>();
  type->id = TypeId::structure;
  type->fields = std::move(fields);
  return type;
}

TypeRef map(TypeRef value) {
  auto type = std::make_shared<Type>();
  type->id = TypeId::map;
  type->fields.push_back({"value", std::move(value)});
  return type;
}

}  // namespace types

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (same_name(fields[i].name, name)) return i;
  }
  return std::nullopt;
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> out;
  out.reserve(fields.size());
  for (const Field& field : fields) out.push_back(field.name);
  return out;
}

bool Schema::operator==(const Schema& other) const {
  if (fields.size() != other.fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!same_name(fields[i].name, other.fields[i].name) || !same_type(fields[i].type, other.fields[i].type))
      return false;
  }
  return true;
}

std::string Schema::to_text() const {
  std::string out;
  for (const Field& field : fields) {
    if (!out.empty()) out += ", ";
    out += quoted_name(field.name) + " " + type_name(field.type);
  }
  return out;
}

}  // namespace sr
