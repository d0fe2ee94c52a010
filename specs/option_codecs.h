// How each member type of a Config is decoded, written and described. Included at the end of specs/options.h. Bodies in
// option_codecs.cc. Tested in tests/unit/specs.
#pragma once

#include "specs/options.h"

namespace sr::specs {

// NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses.
#define SR_OPTION_CODEC(Type, Kind)                                                                         \
  template <>                                                                                               \
  struct OptionCodec<Type> {                                                                                \
    static constexpr OptionKind kind = OptionKind::Kind;                                                    \
    static bool decode(const SpecValue& value, Type& out, const OptionInfo& row, const DecodeContext& ctx); \
    static std::string text(const Type& value);                                                             \
  }
SR_OPTION_CODEC(bool, boolean);
SR_OPTION_CODEC(std::int64_t, integer);
SR_OPTION_CODEC(double, number);
SR_OPTION_CODEC(std::string, string);
SR_OPTION_CODEC(Duration, duration);
SR_OPTION_CODEC(ByteSize, size);
SR_OPTION_CODEC(Rate, rate);
SR_OPTION_CODEC(ExprOption, expression);
SR_OPTION_CODEC(ExprMap, expression_map);
SR_OPTION_CODEC(SchemaOption, schema);
SR_OPTION_CODEC(KeyOption, key);
SR_OPTION_CODEC(NameOption, name);
SR_OPTION_CODEC(std::vector<NameOption>, name_list);
SR_OPTION_CODEC(std::vector<std::string>, string_list);
SR_OPTION_CODEC(RawOption, raw);
#undef SR_OPTION_CODEC
// NOLINTEND(bugprone-macro-parentheses)

// Reports a value that is none of row.choices with the nearest; -1 then.
int decode_choice(const SpecValue& value, const std::vector<std::string>& names, const OptionInfo& row,
                  const DecodeContext& context);

// Optional members: absent unless written.
template <class T>
struct OptionCodec<std::optional<T>> {
  static constexpr OptionKind kind = OptionCodec<T>::kind;
  static bool decode(const SpecValue& value, std::optional<T>& out, const OptionInfo& row,
                     const DecodeContext& context) {
    T decoded{};
    if (!OptionCodec<T>::decode(value, decoded, row, context)) return false;
    out = std::move(decoded);
    return true;
  }
  static std::string text(const std::optional<T>& value) {
    return value ? OptionCodec<T>::text(*value) : std::string();
  }
  static const std::vector<std::string>& names()
    requires requires { OptionCodec<T>::names(); }
  {
    return OptionCodec<T>::names();
  }
  static auto table()
    requires requires { OptionCodec<T>::table(); }
  {
    return OptionCodec<T>::table();
  }
};

// Enums by EnumNames; the row's choices default to all names.
template <class E>
  requires std::is_enum_v<E>
struct OptionCodec<E> {
  static constexpr OptionKind kind = OptionKind::enumeration;
  static bool decode(const SpecValue& value, E& out, const OptionInfo& row, const DecodeContext& context) {
    if (value.opaque) return true;
    const int index = decode_choice(value, EnumNames<E>::names(), row, context);
    if (index < 0) return false;
    out = static_cast<E>(index);
    return true;
  }
  static const std::vector<std::string>& names() { return EnumNames<E>::names(); }
  static std::string text(const E& value) { return EnumNames<E>::names()[static_cast<std::size_t>(value)]; }
};

// Blocks: a struct with `static const std::shared_ptr<const OptionTable<T>>& table()`, optional members `bool present`
// and `Span span`, optionally `bool from_shorthand(const std::string&)` for rows with shorthands, and optionally `void
// place(const SpecValue&)`, which notes where its options stand.
template <class T>
concept BlockConfig = requires { T::table(); };
int decode_shorthand(const SpecValue& value, const OptionInfo& row, const DecodeContext& context);
bool report_not_a_block(const SpecValue& value, const OptionInfo& row, const DecodeContext& context);
template <BlockConfig T>
struct OptionCodec<T> {
  static constexpr OptionKind kind = OptionKind::block;
  static bool decode(const SpecValue& value, T& out, const OptionInfo& row, const DecodeContext& context) {
    if constexpr (requires { out.present; }) out.present = true;
    if constexpr (requires { out.span; }) out.span = value.span;
    if (value.opaque) return true;
    if constexpr (requires { out.place(value); }) out.place(value);
    if constexpr (requires { out.from_shorthand(value.text); }) {
      if (value.is_scalar()) {
        const int choice = decode_shorthand(value, row, context);
        return choice >= 0 && out.from_shorthand(row.shorthands[static_cast<std::size_t>(choice)]);
      }
    }
    if (!value.is_map()) return report_not_a_block(value, row, context);
    DecodeContext inner = context;
    inner.owner = row.name;
    return T::table()->decode(value, &out, inner);
  }
  static std::string text(const T&) { return {}; }
  static std::shared_ptr<const OptionTableBase> table() { return T::table(); }
};

}  // namespace sr::specs
