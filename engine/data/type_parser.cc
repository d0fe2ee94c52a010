// Reads types (`array<struct<a: bigint>>`) and lists of columns (`a bigint, b: string`) as Spark writes them, with the
// place of an error. Entry points: parse_type, parse_columns. Knows nothing of values. Tested in
// tests/unit/data/type_test.cc.
#include "engine/base/diagnostic.h"
#include "engine/data/type.h"

namespace sr {
namespace {

constexpr int kMaxDepth = 64;

class TypeParser {
 public:
  TypeParser(std::string_view text, TypeError* error) : text_(text), error_(error) {}

  TypeRef whole_type() {
    TypeRef type = parse(0);
    if (!type) return nullptr;
    skip_space();
    return at_ == text_.size() ? type : fail(at_, text_.size() - at_, "unexpected text after the type");
  }

  bool whole_columns(std::vector<Field>* fields) {
    skip_space();
    if (at_ == text_.size()) return true;
    if (!columns(fields, 0)) return false;
    skip_space();
    return at_ == text_.size() || fail(at_, text_.size() - at_, "expected `,` or the end") != nullptr;
  }

 private:
  TypeRef fail(std::size_t offset, std::size_t length, std::string message, std::string suggestion = {}) {
    if (error_ && error_->message.empty()) *error_ = {offset, length, std::move(message), std::move(suggestion)};
    return nullptr;
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) {
    if (take(c)) return true;
    fail(at_, at_ < text_.size() ? 1 : 0, std::string("expected `") + c + "`");
    return false;
  }
  static bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
  }
  std::string_view word() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && word_char(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool field_name(std::string* name) {
    skip_space();
    const std::size_t begin = at_;
    if (take('`')) {
      while (at_ < text_.size()) {
        if (text_[at_] == '`') {
          if (at_ + 1 < text_.size() && text_[at_ + 1] == '`')
            ++at_;
          else
            return ++at_, true;
        }
        *name += text_[at_++];
      }
      fail(begin, text_.size() - begin, "the quoted name is not closed");
      return false;
    }
    *name = word();
    if (!name->empty()) return true;
    fail(at_, at_ < text_.size() ? 1 : 0, "expected a name");
    return false;
  }

  bool columns(std::vector<Field>* fields, int depth) {
    do {
      skip_space();
      const std::size_t begin = at_;
      Field field;
      if (!field_name(&field.name)) return false;
      for (const Field& other : *fields) {
        if (same_name(other.name, field.name)) {
          fail(begin, at_ - begin, "the name `" + field.name + "` stands twice");
          return false;
        }
      }
      take(':');
      field.type = parse(depth);
      if (!field.type) return false;
      fields->push_back(std::move(field));
    } while (take(','));
    return true;
  }

  bool number(int* out) {
    skip_space();
    const std::size_t begin = at_;
    int value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - begin < 4)
      value = value * 10 + (text_[at_++] - '0');
    if (at_ == begin) {
      fail(at_, at_ < text_.size() ? 1 : 0, "expected a number");
      return false;
    }
    *out = value;
    return true;
  }

  TypeRef decimal(std::size_t begin) {
    int precision = 10;
    int scale = 0;
    if (take('(')) {
      if (!number(&precision) || (take(',') && !number(&scale)) || !expect(')')) return nullptr;
    }
    if (precision < 1 || precision > 38) return fail(begin, at_ - begin, "the precision of a decimal is 1 to 38");
    if (scale > precision) return fail(begin, at_ - begin, "the scale of a decimal is at most its precision");
    return types::decimal(precision, scale);
  }

  TypeRef nested(std::string_view name, int depth) {
    if (!expect('<')) return nullptr;
    if (same_name(name, "struct")) {
      std::vector<Field> fields;
      if (take('>')) return types::structure({});
      if (!columns(&fields, depth + 1) || !expect('>')) return nullptr;
      return types::structure(std::move(fields));
    }
    if (same_name(name, "map")) {
      skip_space();
      const std::size_t begin = at_;
      const TypeRef key = parse(depth + 1);
      if (!key) return nullptr;
      if (key->id != TypeId::string) return fail(begin, at_ - begin, "the keys of a map are strings", "string");
      if (!expect(',')) return nullptr;
    }
    TypeRef element = parse(depth + 1);
    if (!element || !expect('>')) return nullptr;
    return same_name(name, "map") ? types::map(std::move(element)) : types::array(std::move(element));
  }

  TypeRef parse(int depth) {
    skip_space();
    const std::size_t begin = at_;
    const std::string_view name = word();
    if (name.empty()) return fail(at_, at_ < text_.size() ? 1 : 0, "expected a type");
    if (depth > kMaxDepth) return fail(begin, name.size(), "the type is nested too deeply");
    if (same_name(name, "boolean")) return types::boolean();
    if (same_name(name, "bigint") || same_name(name, "int")) return types::bigint();
    if (same_name(name, "double")) return types::float64();
    if (same_name(name, "string")) return types::string();
    if (same_name(name, "binary")) return types::binary();
    if (same_name(name, "timestamp")) return types::timestamp();
    if (same_name(name, "date")) return types::date();
    if (same_name(name, "variant")) return types::variant();
    if (same_name(name, "decimal")) return decimal(begin);
    if (same_name(name, "array") || same_name(name, "struct") || same_name(name, "map")) return nested(name, depth);
    return unknown(begin, name);
  }

  TypeRef unknown(std::size_t begin, std::string_view name) {
    static constexpr struct {
      std::string_view other, ours;
    } kSynonyms[] = {{"integer", "bigint"},     {"long", "bigint"},    {"int64", "bigint"},    {"bool", "boolean"},
                     {"float", "double"},       {"float64", "double"}, {"real", "double"},     {"text", "string"},
                     {"varchar", "string"},     {"char", "string"},    {"bytes", "binary"},    {"blob", "binary"},
                     {"datetime", "timestamp"}, {"json", "variant"},   {"numeric", "decimal"}, {"list", "array"},
                     {"smallint", "bigint"},    {"tinyint", "bigint"}, {"object", "struct"}};
    std::string suggestion;
    for (const auto& synonym : kSynonyms) {
      if (same_name(name, synonym.other)) suggestion = synonym.ours;
    }
    if (suggestion.empty()) {
      suggestion = nearest(name, {"boolean", "bigint", "int", "double", "string", "binary", "timestamp", "date",
                                  "decimal", "array", "struct", "map", "variant"});
    }
    return fail(begin, name.size(), "unknown type `" + std::string(name) + "`", std::move(suggestion));
  }

  std::string_view text_;
  TypeError* error_;
  std::size_t at_ = 0;
};

}  // namespace

TypeRef parse_type(std::string_view text, TypeError* error) {
  return TypeParser(text, error).whole_type();
}

std::optional<std::vector<Field>> parse_columns(std::string_view text, TypeError* error) {
  std::vector<Field> fields;
  TypeError ignored;
  TypeError* to = error ? error : &ignored;
  to->message.clear();
  TypeParser parser(text, to);
  parser.whole_columns(&fields);
  if (!to->message.empty()) return std::nullopt;
  return fields;
}

}  // namespace sr
