// Types and schemas of rows: Spark SQL's names, immutable and shared. Tested in tests/unit/data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace sr {

enum class TypeId : std::uint8_t {
  null,
  boolean,
  bigint,
  float64,
  string,
  binary,
  timestamp,
  date,
  decimal,
  array,
  structure,
  map,
  variant
};

class Type;
using TypeRef = std::shared_ptr<const Type>;

struct Field {
  std::string name;
  TypeRef type;
};

// A column type. `null` is the type of a bare NULL, which takes any other. `variant` is JSON of unknown shape.
class Type {
 public:
  TypeId id = TypeId::null;
  std::uint8_t precision = 0;  // decimal: 1..38
  std::uint8_t scale = 0;      // decimal: 0..precision
  std::vector<Field>
      fields;  // structure: its fields; array: one field `element`; map: one field `value` (keys are strings)

  // Gives Spark's name: `bigint`, `decimal(10,2)`, `array<string>`, `struct<a:bigint,b:string>`, `map<string,bigint>`.
  std::string name() const;
  const TypeRef& element() const { return fields[0].type; }
  bool is_number() const { return id == TypeId::bigint || id == TypeId::float64 || id == TypeId::decimal; }
  bool is_text() const { return id == TypeId::string || id == TypeId::binary || id == TypeId::variant; }
  bool is_nested() const { return id == TypeId::array || id == TypeId::structure || id == TypeId::map; }
  bool operator==(const Type& other) const;  // field names of structures compare without regard to case
};

// The types, made once per call site; all instances of one type compare equal.
namespace types {
TypeRef null();
TypeRef boolean();
TypeRef bigint();
TypeRef float64();
TypeRef string();
TypeRef binary();
TypeRef timestamp();
TypeRef date();
TypeRef variant();
TypeRef decimal(int precision, int scale);  // 1 <= precision <= 38, 0 <= scale <= precision
TypeRef array(TypeRef element);
TypeRef structure(std::vector<Field> fields);
TypeRef map(TypeRef value);
}  // namespace types

// Where a type's text is wrong: the byte offset and what was expected.
struct TypeError {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string message;
  std::string suggestion = {};
};

// Reads `bigint`, `int`, `decimal(10,2)`, `array<struct<a: bigint>>`, … without regard to case. On failure fills *error
// and gives nullptr.
TypeRef parse_type(std::string_view text, TypeError* error);
// Reads a list of columns as Spark writes it: `a bigint, b: array<string>`; empty text is no column. On failure fills
// *error and gives nothing.
std::optional<std::vector<Field>> parse_columns(std::string_view text, TypeError* error);

inline bool same_type(const TypeRef& a, const TypeRef& b) {
  return a == b || (a && b && *a == *b);
}

// Named, typed columns in order. Names compare without regard to case.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields_in) : fields(std::move(fields_in)) {}
  std::vector<Field> fields;

  std::optional<std::size_t> find(std::string_view name) const;
  std::size_t size() const { return fields.size(); }
  std::vector<std::string> names() const;
  bool operator==(const Schema& other) const;
  std::string to_text() const;  // `a bigint, b string`
};
using SchemaRef = std::shared_ptr<const Schema>;

// Compares two identifiers without regard to (ASCII) case.
bool same_name(std::string_view a, std::string_view b);

}  // namespace sr
