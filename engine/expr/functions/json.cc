// JSON in texts: get_json_object, from_json, to_json, json_array_length, json_object_keys. Entry point: register_json.
// Tested in tests/unit/expr/json_test.cc.
#include <map>
#include <string>

#include "engine/data/codec.h"
#include "engine/expr/functions/date_pattern.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/json_decode.h"
#include "engine/expr/functions/json_path.h"
#include "engine/expr/functions/json_reader.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

std::shared_ptr<Column> get_json_object(const CallContext& context, Args args) {
  const auto* prepared = static_cast<const JsonPath*>(context.prepared);
  std::shared_ptr<const JsonPath> last;
  std::string last_text;
  return map_text<Str, Str>(context, args, [&](const Str& s, const Str& p, StringOutput& out, std::uint32_t row) {
    if (!prepared && (!last || p.view() != last_text)) {
      last_text = p.view();
      last = JsonPath::compile(last_text);
    }
    const JsonPath* path = prepared ? prepared : last.get();
    std::string& text = out.scratch();
    if (!path || !path->find(s.view(), text)) return out.set_null(row);
    out.set(row, text);
  });
}

bool resolve_get_json_object(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const TypeRef text = types::string();
  if (!fixed({text, text}, text, get_json_object, kTurnsNull)(input, call, error)) return false;
  const std::optional<std::string_view> path = constant_text(input, 1);
  if (path) call->prepared = JsonPath::compile(*path);
  return true;
}

std::shared_ptr<Column> json_array_length(const CallContext& context, Args args) {
  return map_nullable<Int, Str>(context, args, [](const Str& s, Int& out) {
    JsonReader reader(s.view());
    if (reader.peek() != '[') return false;
    reader.enter();
    bool end = false;
    for (out = 0; reader.next_element(&end); ++out) {
      if (end) return true;
      if (!reader.skip_value()) return false;
    }
    return false;
  });
}

std::shared_ptr<Column> json_object_keys(const CallContext& context, Args args) {
  const Reader<Str> texts(*args[0]);
  return build_rows(context, [&](std::uint32_t row, ColumnBuilder& builder) {
    JsonReader reader(texts[row].view());
    std::vector<std::string> names;
    std::string name;
    bool end = false;
    if (reader.peek() == '{') {
      reader.enter();
      while (reader.next_member(&name, &end) && !end && reader.skip_value()) names.push_back(name);
    }
    if (!end) return builder.append_null();
    for (const std::string& known : names) builder.child(0).append_string(known);
    builder.end_list();
  });
}

std::shared_ptr<Column> from_json(const CallContext& context, Args args) {
  const Reader<Str> texts(*args[0]);
  return build_rows(context,
                    [&](std::uint32_t row, ColumnBuilder& builder) { append_json_text(builder, texts[row].view()); });
}

// The end of the column that begins at `begin` of a schema's text: the next comma outside brackets.
std::size_t column_end(std::string_view text, std::size_t begin) {
  int depth = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '<' || text[at] == '(') ++depth;
    if (text[at] == '>' || text[at] == ')') --depth;
    if (text[at] == ',' && depth == 0) return at;
  }
  return text.size();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

// One `name type` or `name: type` of a schema.
bool parse_column(std::string_view text, Field* out, std::string* error) {
  text = trimmed(text);
  std::size_t end = 0;
  if (!text.empty() && text[0] == '`') {
    end = std::min(text.find('`', 1), text.size());
    out->name = std::string(text.substr(1, end - 1));
    end = std::min(end + 1, text.size());
  } else {
    end = std::min(text.find_first_of(" \t\r\n:"), text.size());
    out->name = std::string(text.substr(0, end));
  }
  std::string_view type = trimmed(text.substr(end));
  if (!type.empty() && type[0] == ':') type = trimmed(type.substr(1));
  TypeError problem;
  out->type = parse_type(type, &problem);
  if (out->type && !out->name.empty()) return true;
  *error = "the schema's column `" + std::string(text) + "`: " + (out->type ? "expected a name" : problem.message);
  return false;
}

// A type (`array<bigint>`), or the columns of a structure (`a bigint, b string`).
TypeRef parse_schema(std::string_view text, std::string* error) {
  TypeError problem;
  if (TypeRef type = parse_type(trimmed(text), &problem)) {
    if (type->is_nested() || type->id == TypeId::variant) return type;
    *error = "the schema must be of a struct, an array or a map, got " + type->name();
    return nullptr;
  }
  std::vector<Field> fields;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = column_end(text, begin);
    Field field;
    if (!parse_column(text.substr(begin, end - begin), &field, error)) return nullptr;
    fields.push_back(std::move(field));
    begin = end + 1;
  }
  return types::structure(std::move(fields));
}

bool resolve_from_json(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!check_argument(input, 0, types::string(), error)) return false;
  const std::optional<std::string_view> schema = constant_text(input, 1);
  if (!schema) return refuse(error, 1, "the schema must be a text that is written out");
  std::string problem;
  TypeRef type = parse_schema(*schema, &problem);
  if (!type) return refuse(error, 1, std::move(problem));
  call->params = {types::string(), nullptr};
  set_call(call, std::move(type), from_json, kTurnsNull);
  return true;
}

// Writes values as to_json does: NULL fields are left out, timestamps have milliseconds.
class JsonValueWriter {
 public:
  explicit JsonValueWriter(const DatePattern& pattern) : pattern_(pattern) {}

  void write(TextBuffer& out, const Column& column, std::uint32_t row) {
    if (!column.valid(row)) return out.append("null");
    switch (column.type->id) {
      case TypeId::structure:
        return structure(out, column, row);
      case TypeId::array:
        return array(out, column, row);
      case TypeId::map:
        return map(out, column, row);
      case TypeId::timestamp:
        time_.assign(1, '"');
        pattern_.format(column.get<Int>(row), time_);
        time_ += '"';
        return out.append(time_);
      default:
        return write_json(out, column, row);
    }
  }

 private:
  void structure(TextBuffer& out, const Column& column, std::uint32_t row) {
    out.push('{');
    bool first = true;
    for (std::size_t i = 0; i < column.children.size(); ++i) {
      const Column& child = *column.children[i];
      if (!child.valid(column.at(row))) continue;
      if (!first) out.push(',');
      first = false;
      write_json_string(out, column.type->fields[i].name);
      out.push(':');
      write(out, child, column.at(row));
    }
    out.push('}');
  }
  void array(TextBuffer& out, const Column& column, std::uint32_t row) {
    out.push('[');
    for (std::uint32_t i = column.begin_of(row); i < column.end_of(row); ++i) {
      if (i > column.begin_of(row)) out.push(',');
      write(out, *column.children[0], i);
    }
    out.push(']');
  }
  void map(TextBuffer& out, const Column& column, std::uint32_t row) {
    out.push('{');
    for (std::uint32_t i = column.begin_of(row); i < column.end_of(row); ++i) {
      if (i > column.begin_of(row)) out.push(',');
      write_json_string(out, column.children[0]->get<Str>(i).view());
      out.push(':');
      write(out, *column.children[1], i);
    }
    out.push('}');
  }

  const DatePattern& pattern_;
  std::string time_;
};

std::shared_ptr<Column> to_json(const CallContext& context, Args args) {
  JsonValueWriter writer(*static_cast<const DatePattern*>(context.prepared));
  StringOutput out(context);
  TextBuffer buffer;
  context.selection.for_each([&](std::uint32_t row) {
    buffer.clear();
    writer.write(buffer, *args[0], row);
    out.set(row, buffer.view());
  });
  return out.take();
}

bool resolve_to_json(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const Type& type = *input.types[0];
  if (!type.is_nested() && type.id != TypeId::variant && type.id != TypeId::null) {
    return refuse(error, 0, "expected a struct, a map or an array, got " + type.name());
  }
  std::string ignored;
  call->params = {nullptr};
  call->prepared = DatePattern::compile("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", &ignored);
  set_call(call, types::string(), to_json);
  return true;
}

}  // namespace

void register_json(FunctionRegistry& registry) {
  Family json(registry, "json");
  const TypeRef text = types::string();
  json.add({{2, 2},
            "get_json_object(s, path)",
            "Gives what a path such as `$.a.b[0]` leads to: the text of a scalar, else compact JSON.",
            "get_json_object('{\"a\": [1, 2]}', '$.a[1]') = '2'",
            resolve_get_json_object});
  json.add({{2, 2},
            "from_json(s, schema)",
            "Reads JSON by a schema such as `a bigint, b array<string>`; what does not fit is NULL.",
            "from_json('{\"a\": 7}', 'a bigint').a = 7",
            resolve_from_json});
  json.add({{1, 1},
            "to_json(v)",
            "Writes a struct, map or array as compact JSON; NULL fields of structs are left out.",
            "to_json(named_struct('a', 1, 'b', null)) = '{\"a\":1}'",
            resolve_to_json});
  json.add({{1, 1},
            "json_array_length(s)",
            "Gives the number of elements; NULL if the text is no JSON array.",
            "json_array_length('[1, 2]') = 2",
            fixed({text}, types::bigint(), json_array_length, kTurnsNull)});
  json.add({{1, 1},
            "json_object_keys(s)",
            "Gives the names of an object's members; NULL if the text is no JSON object.",
            "json_object_keys('{\"a\": 1}') = array('a')",
            fixed({text}, types::array(text), json_object_keys, kTurnsNull)});
}

}  // namespace sr::expr
