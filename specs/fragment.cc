#include "specs/fragment.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/text.h"

namespace sr::specs {

namespace {

using Ids = std::set<std::string, std::less<>>;

const std::vector<std::string>& sections() {
  static const std::vector<std::string> names = {"datasets", "functions", "include", "sinks", "sources", "transforms"};
  return names;
}

bool holds_ids(std::string_view section) {
  return section != "functions" && section != "include";
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Finds the names of tables in a query: identifiers behind FROM and JOIN, behind the commas of a FROM, and before a
// dot.
class TableNames {
 public:
  TableNames(std::string_view query, const Ids& ids) : query_(query), ids_(ids) {}

  // Gives where each name that is an id begins, in order.
  std::vector<std::size_t> find() {
    while (at_ < query_.size()) step();
    return std::move(found_);
  }

 private:
  void step() {
    const char c = query_[at_];
    if (c == '\'' || c == '"') {
      at_ = std::min(query_.find(c, at_ + 1), query_.size() - 1) + 1;
      table_due_ = false;
    } else if (query_.substr(at_, 2) == "--") {
      at_ = std::min(query_.find('\n', at_), query_.size());
    } else if (is_word(c)) {
      word();
    } else {
      if (c == ',') table_due_ = in_from_;
      if (c == '(' || c == ')') table_due_ = false;
      if (c == ')') in_from_ = false;
      ++at_;
    }
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < query_.size() && is_word(query_[at_])) ++at_;
    const std::string_view name = query_.substr(begin, at_ - begin);
    const std::string keyword = ascii_lower(name);
    const bool qualified = begin > 0 && query_[begin - 1] == '.';
    const bool qualifies = at_ < query_.size() && query_[at_] == '.' && !qualified;
    if (keyword == "from" || keyword == "join") {
      in_from_ = table_due_ = true;
      return;
    }
    if (ids_.contains(name) && (table_due_ || qualifies)) found_.push_back(begin);
    table_due_ = false;
    static const Ids ends = {"select", "where", "group", "having", "order", "limit", "on", "using", "union", "with"};
    if (ends.contains(keyword)) in_from_ = false;
  }

  std::string_view query_;
  const Ids& ids_;
  std::size_t at_ = 0;
  bool in_from_ = false, table_due_ = false;
  std::vector<std::size_t> found_;
};

class Prefixer {
 public:
  Prefixer(Ids ids, std::string prefix) : ids_(std::move(ids)), prefix_(std::move(prefix) + "_") {}

  void node(SpecValue& node) const {
    const SpecValue* type = node.get("type");
    const bool sql = type != nullptr && type->text == "sql";
    for (SpecEntry& entry : node.entries) {
      if (entry.key == "input" || entry.key == "initial") references(entry.value);
      if (entry.key == "was" && entry.value.is_scalar()) insert(entry.value, {0});
      if (entry.key == "query" && sql && entry.value.is_scalar())
        insert(entry.value, TableNames(entry.value.text, ids_).find());
    }
  }

 private:
  // `id`, `id.port`, a list of them, or role → id or `{from: id}`.
  void references(SpecValue& value) const {
    if (value.is_scalar() && ids_.contains(value.text.substr(0, value.text.find('.')))) insert(value, {0});
    for (SpecValue& item : value.items) {
      if (item.is_scalar()) references(item);
    }
    for (SpecEntry& role : value.entries) {
      if (role.value.is_scalar()) references(role.value);
      for (SpecEntry& side : role.value.entries) {
        if (side.key == "from") references(side.value);
      }
    }
  }

  // Inserts the prefix before each of the bytes; what stands behind it keeps its place in the file.
  void insert(SpecValue& value, const std::vector<std::size_t>& before) const {
    for (auto at = before.rbegin(); at != before.rend(); ++at) {
      if (!value.places.empty()) {
        const Span here = value.locate(*at, *at + 1);
        const auto offset = static_cast<std::uint32_t>(*at);
        auto place =
            std::find_if(value.places.begin(), value.places.end(), [&](const auto& p) { return p.offset >= offset; });
        const bool exact = place != value.places.end() && place->offset == offset;
        if (!exact) place = value.places.insert(place, {offset, here.line, here.column});
        for (auto later = place; later != value.places.end(); ++later)
          later->offset += static_cast<std::uint32_t>(prefix_.size());
        value.places.insert(place, {offset, here.line, here.column});
      }
      value.text.insert(*at, prefix_);
    }
  }

  Ids ids_;
  std::string prefix_;
};

// Tells whether two values say the same, wherever they stand.
bool same(const SpecValue& a, const SpecValue& b) {
  const auto entries = [](const SpecEntry& x, const SpecEntry& y) { return x.key == y.key && same(x.value, y.value); };
  return a.kind == b.kind && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(), entries);
}

SpecValue& section_of(SpecValue& job, const SpecEntry& like, const Span& include) {
  for (SpecEntry& entry : job.entries) {
    if (entry.key != like.key) continue;
    if (entry.value.is_null()) entry.value.kind = SpecValue::Kind::map;
    return entry.value;
  }
  SpecEntry entry;
  entry.key = like.key;
  entry.key_span = include;
  entry.value.kind = SpecValue::Kind::map;
  entry.value.span = include;
  job.entries.push_back(std::move(entry));
  return job.entries.back().value;
}

}  // namespace

bool check_fragment(const SpecValue& fragment, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.error_count();
  Diagnostic d;
  d.code = "SR1053";
  d.help = "a fragment holds datasets, sources, transforms, sinks, functions and include; the rest belongs to the job";
  if (!fragment.is_map()) {
    d.message = "a fragment must be a map";
    d.span = fragment.span;
    diagnostics.add(d);
  }
  for (const SpecEntry& entry : fragment.entries) {
    const auto& known = sections();
    const bool allowed = entry.key.starts_with("x-") || std::find(known.begin(), known.end(), entry.key) != known.end();
    if (allowed &&
        (entry.value.is_map() || entry.value.is_null() || !holds_ids(entry.key) || entry.key.starts_with("x-")))
      continue;
    d.message =
        allowed ? fmt::format("`{}` must be a map", entry.key) : fmt::format("a fragment may not have `{}`", entry.key);
    d.span = entry.key_span;
    d.suggestion = allowed ? "" : nearest(entry.key, known);
    diagnostics.add(d);
  }
  return diagnostics.error_count() == before;
}

void prefix_fragment(SpecValue& fragment, const std::string& prefix) {
  Ids ids;
  for (const SpecEntry& section : fragment.entries) {
    if (!holds_ids(section.key) || section.key.starts_with("x-")) continue;
    for (const SpecEntry& node : section.value.entries) ids.insert(node.key);
  }
  const Prefixer prefixer(ids, prefix);
  for (SpecEntry& section : fragment.entries) {
    if (!holds_ids(section.key) || section.key.starts_with("x-")) continue;
    for (SpecEntry& node : section.value.entries) {
      node.key = prefix + "_" + node.key;
      prefixer.node(node.value);
    }
  }
}

void merge_fragment(SpecValue& fragment, const Span& include, SpecValue& job, Diagnostics& diagnostics) {
  for (SpecEntry& section : fragment.entries) {
    if (section.key.starts_with("x-") || section.key == "include" || section.value.is_null()) continue;
    SpecValue& into = section_of(job, section, include);
    if (!into.is_map()) continue;
    const bool ids = holds_ids(section.key);
    for (SpecEntry& entry : section.value.entries) {
      const SpecEntry* taken = into.find(entry.key);
      if (taken == nullptr) {
        into.entries.push_back(std::move(entry));
      } else if (ids || !same(taken->value, entry.value)) {
        Diagnostic d;
        d.code = "SR1054";
        d.message = fmt::format("`{}` of a fragment is defined already", entry.key);
        d.span = entry.key_span;
        d.help =
            fmt::format("rename one of them, or include the fragment with a prefix: `as: …` (the other is on line {})",
                        taken->key_span.line);
        diagnostics.add(std::move(d));
      }
    }
  }
}

}  // namespace sr::specs
