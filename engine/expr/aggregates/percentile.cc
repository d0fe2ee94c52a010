// percentile and median: exact, interpolated between the two nearest values (Spark's and Excel's PERCENTILE.INC). All
// values are kept; approx_percentile is for groups that are large.
#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/lists.h"
#include "engine/expr/eval.h"

namespace sr::expr {

namespace {

// Maps doubles to integers in their total order: -NaN < -Inf … -0.0 < 0.0 … Inf < NaN.
std::int64_t total_order(double value) {
  if (std::isnan(value)) return INT64_MAX;
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

class PercentileStates final : public AggregateStates {
 public:
  explicit PercentileStates(Percentages percentages) : percentages_(std::move(percentages)) {}

  void resize(std::uint32_t groups) override { values_.resize(groups); }
  std::uint32_t size() const override { return values_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Reader<double> reader(*args[0]);
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      if (reader.valid(row)) values_.append(groups ? groups[i] : 0, reader[row]);
    }
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const PercentileStates&>(from).values_;
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      other.for_each(pairs.source(i), [&](double value) { values_.append(pairs.targets[i], value); });
    }
  }

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    ColumnBuilder builder(percentages_.result(types::float64()));
    std::vector<double> sorted;
    for (const std::uint32_t group : groups) {
      if (values_.count(group) == 0) {
        builder.append_null();
        continue;
      }
      sorted.clear();
      values_.for_each(group, [&](double value) { sorted.push_back(value); });
      std::sort(sorted.begin(), sorted.end(), [](double a, double b) { return total_order(a) < total_order(b); });
      ColumnBuilder& target = percentages_.is_array ? builder.child(0) : builder;
      for (const double percentage : percentages_.values) target.append_double(interpolate(sorted, percentage));
      if (percentages_.is_array) builder.end_list();
    }
    return builder.finish();
  }

  void reset(std::span<const std::uint32_t> groups) override {
    if (values_.reset(groups)) values_.compact();
  }
  void clear() override { values_.clear(); }
  std::size_t memory_bytes() const override { return values_.memory_bytes(); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    values_.encode_counts(out, groups);
    for (const std::uint32_t group : groups) {
      values_.for_each(group, [&](double value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); });
    }
  }
  Status decode(std::string_view* input, std::uint32_t count) override {
    Vec<std::uint32_t> counts;
    SR_TRY(ListStore<double>::decode_counts(input, count, counts));
    const std::uint32_t first = size();
    resize(first + count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (input->size() / sizeof(double) < counts[i]) return Error{"the values of a percentile end too early"};
      for (std::uint32_t n = counts[i]; n > 0; --n) {
        double value;
        std::memcpy(&value, input->data(), sizeof value);
        input->remove_prefix(sizeof value);
        values_.append(first + i, value);
      }
    }
    return {};
  }

 private:
  static double interpolate(const std::vector<double>& sorted, double percentage) {
    const double position = static_cast<double>(sorted.size() - 1) * percentage;
    const double below = std::floor(position);
    const double above = std::ceil(position);
    const double low = sorted[static_cast<std::size_t>(below)];
    const double high = sorted[static_cast<std::size_t>(above)];
    return below == above || low == high ? low : (above - position) * low + (position - below) * high;
  }

  Percentages percentages_;
  ListStore<double> values_;
};

constexpr AggregateTraits kTraits{.order_free = true, .grows = true};

bool resolve_percentile(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  if (!number_argument(input, 0, error)) return false;
  std::optional<Percentages> percentages = constant_percentages(input, 1, error);
  if (!percentages) return false;
  const TypeRef result = percentages->result(types::float64());
  return set_aggregate<PercentileStates>(out, result, {types::float64(), nullptr}, kTraits, std::move(*percentages));
}

bool resolve_median(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  if (!number_argument(input, 0, error)) return false;
  return set_aggregate<PercentileStates>(out, types::float64(), {types::float64()}, kTraits, Percentages{{0.5}, false});
}

// The number in a column, as a double; NaN for what is none.
double number_at(const Column& column, std::uint32_t row) {
  if (!column.valid(row)) return std::nan("");
  switch (column.type->id) {
    case TypeId::bigint:
      return static_cast<double>(column.get<std::int64_t>(row));
    case TypeId::float64:
      return column.get<double>(row);
    case TypeId::decimal:
      return static_cast<double>(column.get<Int128>(row)) / std::pow(10.0, column.type->scale);
    default:
      return std::nan("");
  }
}

}  // namespace

std::optional<Percentages> constant_percentages(const ResolveInput& input, std::size_t index, ResolveError* error) {
  const ColumnRef& constant = input.constants[index];
  Percentages percentages;
  if (constant && constant->type->id == TypeId::array && constant->valid(0)) {
    percentages.is_array = true;
    for (std::uint32_t i = constant->begin_of(0); i < constant->end_of(0); ++i) {
      percentages.values.push_back(number_at(*constant->children[0], i));
    }
  } else if (constant) {
    percentages.values.push_back(number_at(*constant, 0));
  }
  bool sound = !percentages.values.empty();
  for (const double value : percentages.values) sound = sound && value >= 0 && value <= 1;
  if (sound) return percentages;
  refuse(error, index, "a percentage must be a constant number between 0 and 1, or an array of them");
  return std::nullopt;
}

void register_percentile(AggregateRegistry& registry) {
  registry.add({.name = "percentile",
                .min_args = 2,
                .max_args = 2,
                .signature = "percentile(n, p), percentile(n, array(p, …))",
                .summary = "The exact percentile (0 to 1), interpolated; keeps all values.",
                .example = "percentile(x, 0.25) over x: 1, 2, 3, 4, null gives 1.75",
                .resolve = resolve_percentile});
  registry.add({.name = "median",
                .min_args = 1,
                .max_args = 1,
                .signature = "median(n)",
                .summary = "percentile(n, 0.5).",
                .example = "median(x) over x: 1, 2, 3, 4, null gives 2.5",
                .resolve = resolve_median});
}

}  // namespace sr::expr
