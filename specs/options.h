// Option tables: one typed row per option, from which decoding, defaults, errors, JSON Schema, `describe`, docs and
// completion all come. A table binds option names to members of a Config struct; the member's default initialiser is
// the option's default. Entry points: OptionTable<Config>::option, decode_options. Tested in tests/unit/specs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/units.h"
#include "engine/data/type.h"
#include "specs/value.h"

namespace sr::specs {

// An expression as written, with its place. Parsed and bound by BindContext.
struct ExprOption {
  std::string text;
  SpecValue value;  // for spans
  bool present() const { return !value.is_null() || !text.empty(); }
};

// `{name: expression, …}` in file order.
struct NamedExpr {
  std::string name;
  Span name_span;
  ExprOption expr;
};
using ExprMap = std::vector<NamedExpr>;

// `{column: type, …}` in file order.
struct SchemaOption {
  std::vector<Field> fields;
  std::vector<Span> spans;  // of the names
  Span span;
  bool present = false;
  SchemaRef schema() const { return std::make_shared<const Schema>(fields); }
};

// `key: col`, `key: [a, b]`, `key: []`, in a join `key: {left: a, right: b}` (also lists on each side).
struct KeyOption {
  struct Column {
    std::string name;
    Span span;
  };
  std::vector<Column> columns;  // the left side's where there are two
  std::vector<Column> right;
  bool two_sided = false;
  bool present = false;
  Span span;
};

// A name with its place: a column, a node, a port.
struct NameOption {
  std::string name;
  Span span;
  bool present() const { return span.known(); }
};

// Anything, looked at by the operator itself (rows, batches, routes).
struct RawOption {
  SpecValue value;
  bool present() const { return !value.is_null(); }
};

enum class OptionKind : std::uint8_t {
  boolean,
  integer,
  number,
  string,
  duration,
  size,
  rate,
  enumeration,
  expression,
  expression_map,
  schema,
  key,
  name,
  name_list,
  string_list,
  order,
  block,
  raw
};

class OptionTableBase;

// One row of a table, without the member it fills.
struct OptionInfo {
  std::string name;
  OptionKind kind = OptionKind::string;
  std::string doc;
  std::string example;       // YAML
  std::string default_text;  // YAML of the default; empty: none
  bool required = false;
  std::vector<std::string> required_unless;  // not required where one of these is given: the operator checks then
  bool secret = false;
  bool port = false;                // TCP port: 0..65535
  std::optional<std::int64_t> min;  // integers, bytes, milliseconds
  std::optional<std::int64_t> max;
  std::vector<std::string> choices;  // enumeration
  std::vector<std::string> deprecated_names;
  std::shared_ptr<const OptionTableBase> block;  // block: its table
  // A scalar that stands for the whole block, e.g. `on_error: skip`: its choices.
  std::vector<std::string> shorthands;
  // JSON Schema of a raw option; empty: anything.
  std::string schema_json;
};

// How far the finding of a decoder reaches, for the passes behind it. Each level includes the ones before.
enum class Soundness : std::uint8_t {
  sound,
  harmless,   // a number, duration or boolean is wrong: columns are known all the same
  no_schema,  // what the node gives is unknown, but its expressions can be checked
  no_bind     // nothing can be said
};

// What decoding needs beside the value. `owner` names the block in messages: "window", "filter".
struct DecodeContext {
  Diagnostics* diagnostics = nullptr;
  std::string owner;
  bool dry_run = false;
  Span at = {};                    // where a missing option is reported: the block's name; unknown: the block itself
  Soundness* soundness = nullptr;  // raised by findings; may be null
  std::vector<SpecValue>* secrets = nullptr;  // gets the values of secret options; may be null
  void raise(Soundness level) const {
    if (soundness && *soundness < level) *soundness = level;
  }
};

// Decodes `value` into the member; reports and gives false if it does not fit. Specialised for every member type in
// specs/option_codecs.
template <class M>
struct OptionCodec;

// What an unknown option may have meant.
struct OptionNames {
  std::vector<std::string> open;     // names that are not given yet
  std::vector<std::string> missing;  // those of them that are required
  std::string list;                  // all, for help
};
// Reports an option that nobody takes and gives the one that it means, if any: a near name, or the only required one
// that is missing (one mistake is one finding).
std::string report_unknown_option(const SpecEntry& entry, const OptionNames& names, const DecodeContext& context);

class OptionTableBase {
 public:
  virtual ~OptionTableBase() = default;
  const std::vector<OptionInfo>& options() const { return infos_; }
  // Decodes a map into *config (a Config of the derived table). Unknown keys, missing required options and bad values
  // are reported; keys in `also` are somebody else's. Gives false if anything was reported.
  bool decode(const SpecValue& map, void* config, const DecodeContext& context,
              const std::vector<std::string>& also = {}) const;
  // Decodes the value of one option, by its index.
  bool decode_option(std::size_t index, const SpecValue& value, void* config, const DecodeContext& context) const {
    if (infos_[index].secret && context.secrets) context.secrets->push_back(value);
    return decoders_[index](value, config, infos_[index], context);
  }
  // Gives the index of an option by its name or one of its deprecated names.
  std::optional<std::size_t> find(std::string_view name) const;
  std::vector<std::string> names() const;
  // `a (required), b, c`: what help says of the block.
  std::string list_text() const;

 protected:
  using Decoder = std::function<bool(const SpecValue&, void*, const OptionInfo&, const DecodeContext&)>;
  static void report_missing(const OptionInfo& info, const SpecValue& map, const DecodeContext& context);
  std::vector<OptionInfo> infos_;
  std::vector<Decoder> decoders_;
};

template <class Config>
class OptionTable final : public OptionTableBase {
 public:
  class Row {
   public:
    explicit Row(OptionTable* table, std::size_t index) : table_(table), index_(index) {}
    Row& doc(std::string text) {
      info().doc = std::move(text);
      return *this;
    }
    Row& example(std::string yaml) {
      info().example = std::move(yaml);
      return *this;
    }
    Row& required() {
      info().required = true;
      return *this;
    }
    Row& required_unless(std::vector<std::string> names) {
      info().required = true;
      info().required_unless = std::move(names);
      return *this;
    }
    Row& secret() {
      info().secret = true;
      return *this;
    }
    Row& range(std::int64_t min, std::int64_t max) {
      info().min = min;
      info().max = max;
      return *this;
    }
    Row& at_least(std::int64_t min) {
      info().min = min;
      return *this;
    }
    Row& port() {
      info().port = true;
      return *this;
    }
    Row& choices(std::vector<std::string> names) {
      info().choices = std::move(names);
      return *this;
    }
    Row& shorthands(std::vector<std::string> names) {
      info().shorthands = std::move(names);
      return *this;
    }
    Row& block(std::shared_ptr<const OptionTableBase> table) {
      info().block = std::move(table);
      return *this;
    }
    Row& schema_json(std::string json) {
      info().schema_json = std::move(json);
      return *this;
    }
    Row& default_text(std::string yaml) {
      info().default_text = std::move(yaml);
      return *this;
    }

   private:
    OptionInfo& info() { return table_->infos_[index_]; }
    OptionTable* table_;
    std::size_t index_;
  };

  // Adds an option that fills `member`. Its kind and default text come from the member's type and initialiser.
  template <class M>
  Row option(std::string name, M Config::* member) {
    OptionInfo info;
    info.name = std::move(name);
    info.kind = OptionCodec<M>::kind;
    info.default_text = OptionCodec<M>::text(Config{}.*member);
    if constexpr (requires { OptionCodec<M>::names(); }) info.choices = OptionCodec<M>::names();
    if constexpr (requires { OptionCodec<M>::table(); }) info.block = OptionCodec<M>::table();
    infos_.push_back(std::move(info));
    decoders_.push_back(
        [member](const SpecValue& value, void* config, const OptionInfo& row, const DecodeContext& context) {
          return OptionCodec<M>::decode(value, static_cast<Config*>(config)->*member, row, context);
        });
    return Row(this, infos_.size() - 1);
  }
  // Adds one option of another table of the same struct.
  void take(const OptionTable& from, std::size_t index) {
    infos_.push_back(from.infos_[index]);
    decoders_.push_back(from.decoders_[index]);
  }
  // Adds every option of a base struct's table.
  template <class Base>
  void include(const OptionTable<Base>& table) {
    for (std::size_t i = 0; i < table.options().size(); ++i) {
      infos_.push_back(table.options()[i]);
      decoders_.push_back(
          [part = table, i](const SpecValue& value, void* config, const OptionInfo&, const DecodeContext& context) {
            return part.decode_option(i, value, static_cast<Base*>(static_cast<Config*>(config)), context);
          });
    }
  }
};

// Enums: specialise EnumNames<E> with `static const std::vector<std::string>& names()` in the order of the enumerators
// (0, 1, …).
template <class E>
struct EnumNames;

}  // namespace sr::specs

#include "specs/option_codecs.h"
