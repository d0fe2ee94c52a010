// collect_list, array_agg and string_agg, in arrival order; NULLs are skipped. keep_nulls makes the list that
// group_by_key gives. collect_set stands in distinct.cc.
#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/lists.h"

namespace sr::expr {

namespace {

class CollectStates : public AggregateStates {
 public:
  CollectStates(TypeRef element, bool keep_nulls)
      : element_(element), lists_(std::move(element)), keep_nulls_(keep_nulls) {}

  void resize(std::uint32_t groups) override { lists_.resize(groups); }
  std::uint32_t size() const override { return lists_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Column& column = *args[0];
    rows_.clear();
    groups_.clear();
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      if (!keep_nulls_ && !column.valid(row)) continue;
      rows_.push_back(row);
      groups_.push_back(groups ? groups[i] : 0);
    }
    lists_.append(column, {rows_.data(), rows_.size()}, groups_.data());
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    lists_.merge_pairs(static_cast<const CollectStates&>(from).lists_, pairs);
  }
  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    return lists_.arrays(types::array(element_), groups);
  }
  void reset(std::span<const std::uint32_t> groups) override { lists_.reset(groups); }
  void clear() override { lists_.clear(); }
  std::size_t memory_bytes() const override { return lists_.memory_bytes(); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override { lists_.encode(out, groups); }
  Status decode(std::string_view* input, std::uint32_t count) override { return lists_.decode(input, count); }

 protected:
  TypeRef element_;
  ValueLists lists_;

 private:
  bool keep_nulls_;
  Vec<std::uint32_t> rows_;  // of the chunk at hand
  Vec<std::uint32_t> groups_;
};

// The texts of a group, one after the other.
class JoinStates final : public CollectStates {
 public:
  explicit JoinStates(std::string separator)
      : CollectStates(types::string(), false), separator_(std::move(separator)) {}

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    ColumnBuilder builder(types::string());
    std::string text;
    for (const std::uint32_t group : groups) {
      if (lists_.count(group) == 0) {
        builder.append_null();
        continue;
      }
      text.clear();
      bool first = true;
      lists_.for_each(group, [&](const Column& column, std::uint32_t row) {
        if (!first) text += separator_;
        first = false;
        text += column.get<Str>(row).view();
      });
      builder.append_string(text);
    }
    return builder.finish();
  }

 private:
  std::string separator_;
};

bool resolve_join(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  if (!check_argument(input, 0, types::string(), error)) return false;
  std::string separator;
  std::vector<TypeRef> params{types::string()};
  if (input.types.size() > 1) {
    const std::optional<std::string_view> given = constant_text(input, 1);
    if (!given) return refuse(error, 1, "the separator must be a constant string");
    separator = *given;
    params.push_back(types::string());
  }
  return set_aggregate<JoinStates>(out, types::string(), std::move(params), {.grows = true}, std::move(separator));
}

}  // namespace

ResolvedAggregate collect_all(const TypeRef& element) {
  ResolvedAggregate resolved;
  resolved.name = "collect_all";
  set_aggregate<CollectStates>(&resolved, types::array(element), {nullptr}, {.grows = true}, element, true);
  return resolved;
}

void register_collect(AggregateRegistry& registry) {
  const AggregateInfo list{.name = "collect_list",
                           .min_args = 1,
                           .max_args = 1,
                           .signature = "collect_list(v)",
                           .summary = "An array of the values that are not NULL, in arrival order; [] without any.",
                           .example = "collect_list(x) over x: 2, 1, 2, null gives [2, 1, 2]",
                           .resolve = [](const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError*) {
                             const TypeRef& type = input.types[0];
                             return set_aggregate<CollectStates>(out, types::array(type), {nullptr}, {.grows = true},
                                                                 type, false);
                           }};
  registry.add(list);
  add_alias(registry, list, "array_agg");
  const AggregateInfo join{.name = "string_agg",
                           .min_args = 1,
                           .max_args = 2,
                           .signature = "string_agg(s [, separator])",
                           .summary = "The texts that are not NULL, joined in arrival order; NULL without any.",
                           .example = "string_agg(x, '-') over x: 'a', 'b', null gives a-b",
                           .resolve = resolve_join};
  registry.add(join);
  add_alias(registry, join, "listagg");
}

}  // namespace sr::expr
