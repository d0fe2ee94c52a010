// first, last and any_value in arrival order. NULLs count unless the second argument is true.
#include "engine/expr/aggregates/cells.h"
#include "engine/expr/aggregates/families.h"

namespace sr::expr {

namespace {

template <bool kLast>
class EdgeStates final : public AggregateStates {
 public:
  EdgeStates(TypeRef type, bool skip_nulls) : cells_(std::move(type)), skip_nulls_(skip_nulls) {}

  void resize(std::uint32_t groups) override { cells_.resize(groups); }
  std::uint32_t size() const override { return cells_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Column& column = *args[0];
    const bool check = skip_nulls_ && column.may_have_nulls();
    cells_.begin(column);
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      const std::uint32_t group = groups ? groups[i] : 0;
      if ((kLast || !cells_.has(group)) && !(check && !column.valid(row))) cells_.set(group, row);
    }
    cells_.commit();
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const ValueCells& other = static_cast<const EdgeStates&>(from).cells_;
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      const std::uint32_t source = pairs.source(i);
      const std::uint32_t target = pairs.targets[i];
      if (other.has(source) && (kLast || !cells_.has(target))) cells_.adopt(target, other, source);
    }
    cells_.settle();
  }
  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    return cells_.values(groups);
  }
  void reset(std::span<const std::uint32_t> groups) override { cells_.reset(groups); }
  void clear() override { cells_.clear(); }
  std::size_t memory_bytes() const override { return cells_.memory_bytes(); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override { cells_.encode(out, groups); }
  Status decode(std::string_view* input, std::uint32_t count) override { return cells_.decode(input, count); }

 private:
  ValueCells cells_;
  bool skip_nulls_;
};

template <bool kLast>
bool resolve(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  bool skip_nulls = false;
  if (input.types.size() > 1) {
    const std::optional<bool> given = constant_bool(input, 1);
    if (!given) return refuse(error, 1, "whether NULLs are skipped must be true or false");
    skip_nulls = *given;
  }
  return set_aggregate<EdgeStates<kLast>>(out, input.types[0], std::vector<TypeRef>(input.types.size()), {},
                                          input.types[0], skip_nulls);
}

}  // namespace

void register_first_last(AggregateRegistry& registry) {
  const AggregateInfo first{.name = "first",
                            .min_args = 1,
                            .max_args = 2,
                            .signature = "first(v [, skip_nulls])",
                            .summary = "The v of the first row, NULL too unless NULLs are skipped.",
                            .example = "first(x) over x: 3, 1, null gives 3",
                            .resolve = resolve<false>};
  const AggregateInfo last{.name = "last",
                           .min_args = 1,
                           .max_args = 2,
                           .signature = "last(v [, skip_nulls])",
                           .summary = "The v of the last row, NULL too unless NULLs are skipped.",
                           .example = "last(x, true) over x: 3, 1, null gives 1",
                           .resolve = resolve<true>};
  registry.add(first);
  add_alias(registry, first, "first_value");
  registry.add(last);
  AggregateInfo last_value = last;
  last_value.example = "last(x) over x: 3, 1 gives 1";
  add_alias(registry, std::move(last_value), "last_value");
  AggregateInfo any = first;
  any.name = "any_value";
  any.signature = "any_value(v [, skip_nulls])";
  any.summary = "Some row's v: that of the first.";
  any.example = "any_value(x) over x: 3, 1 gives 3";
  registry.add(std::move(any));
}

}  // namespace sr::expr
