// percentile and median: exact, interpolated between the two nearest values (Spark's and Excel's PERCENTILE.INC). All
// values are kept, those of large groups in order and counted, so that a window takes back what leaves it;
// approx_percentile is for groups that are too large for that.
#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/lists.h"
#include "engine/expr/aggregates/ranked.h"
#include "engine/expr/eval.h"

namespace sr::expr {

namespace {

// Maps doubles to integers in their total order: -NaN < -Inf … -0.0 < 0.0 … Inf < NaN.
std::int64_t total_order(double value) {
  if (std::isnan(value)) return INT64_MAX;
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

double of_total_order(std::int64_t order) {
  return std::bit_cast<double>(order < 0 ? order ^ INT64_MAX : order);
}

// Groups of so many values that come together stay lists.
constexpr std::uint32_t kFewValues = 256;
// A list is put in order at this length, or at a quarter of what is in order already.
constexpr std::size_t kLongList = 1024;

class PercentileStates final : public AggregateStates {
 public:
  explicit PercentileStates(Percentages percentages) : percentages_(std::move(percentages)) {}

  void resize(std::uint32_t groups) override {
    values_.resize(groups);
    ranked_.resize(groups);
  }
  std::uint32_t size() const override { return values_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Reader<double> reader(*args[0]);
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      if (reader.valid(row)) append(groups ? groups[i] : 0, reader[row]);
    }
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const PercentileStates&>(from);
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      const std::uint32_t source = pairs.source(i), target = pairs.targets[i];
      other.values_.for_each(source, [&](double value) { append(target, value); });
      if (!other.ranked_.empty(source)) ranked_.merge(target, other.ranked_run(source, 1));
      // What has become large by merging is about to be asked again and again.
      if (!ranked_.empty(target) || values_.count(target) > kFewValues) rank(target);
    }
  }
  void subtract_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const PercentileStates&>(from);
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      const std::uint32_t source = pairs.source(i), target = pairs.targets[i];
      if (ranked_.empty(target)) {
        other.values_.for_each(source, [&](double value) { remove(target, value); });
        continue;
      }
      rank(target);
      ranked_.merge(target, listed_run(other.values_, source, -1));
      if (!other.ranked_.empty(source)) ranked_.merge(target, other.ranked_run(source, -1));
    }
    if (values_.wants_compact()) values_.compact();
  }

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    ColumnBuilder builder(percentages_.result(types::float64()));
    std::vector<std::int64_t> sorted;
    for (const std::uint32_t group : groups) {
      if (values_.count(group) > 0) {
        sort_values(group, sorted);
        append_result(builder, sorted.size(), [&](std::uint64_t place) { return sorted[place]; });
      } else if (!ranked_.empty(group)) {
        append_result(builder, ranked_.rows(group), [&](std::uint64_t place) { return ranked_.at(group, place); });
      } else {
        builder.append_null();
      }
    }
    return builder.finish();
  }

  void reset(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) ranked_.reset(group);
    if (values_.reset(groups)) values_.compact();
  }
  void clear() override {
    values_.clear();
    ranked_.clear();
  }
  std::size_t memory_bytes() const override {
    const std::size_t at_hand = keys_.capacity() * sizeof(std::int64_t) + run_.capacity() * sizeof(RankedEntry);
    return values_.memory_bytes() + ranked_.memory_bytes() + at_hand;
  }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    const auto put = [&](auto value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
    for (const std::uint32_t group : groups)
      put(static_cast<std::uint32_t>(values_.count(group) + ranked_.rows(group)));
    for (const std::uint32_t group : groups) {
      values_.for_each(group, put);
      ranked_.for_each(group, [&](const RankedEntry& entry) {
        for (std::int64_t n = entry.copies; n > 0; --n) put(of_total_order(entry.value));
      });
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
        append(first + i, value);
      }
    }
    return {};
  }

 private:
  void append(std::uint32_t group, double value) {
    values_.append(group, value);
    const std::size_t count = values_.count(group);
    if (count >= kLongList && count >= ranked_.entries(group) / 4) rank(group);
  }

  // Puts the list of a group in order.
  void rank(std::uint32_t group) {
    if (values_.count(group) == 0) return;
    ranked_.merge(group, listed_run(values_, group, 1));
    if (values_.reset({&group, 1})) values_.compact();
  }

  void remove(std::uint32_t group, double value) {
    const std::int64_t order = total_order(value);
    SR_CHECK(values_.remove_first(group, [&](double other) { return total_order(other) == order; }));
  }

  // A list as a run, counted `sign` times; valid until the next run.
  std::span<const RankedEntry> listed_run(const ListStore<double>& values, std::uint32_t group, std::int64_t sign) {
    keys_.clear();
    values.for_each(group, [&](double value) { keys_.push_back(total_order(value)); });
    std::sort(keys_.begin(), keys_.end());
    run_.clear();
    for (const std::int64_t key : keys_) {
      if (run_.empty() || run_.back().value != key) run_.push_back({key, 0});
      run_.back().copies += sign;
    }
    return {run_.data(), run_.size()};
  }

  // What is in order, as a run, counted `sign` times.
  std::vector<RankedEntry> ranked_run(std::uint32_t group, std::int64_t sign) const {
    std::vector<RankedEntry> run;
    run.reserve(ranked_.entries(group));
    ranked_.for_each(group, [&](RankedEntry entry) { run.push_back({entry.value, entry.copies * sign}); });
    return run;
  }

  // All values of a group, in order.
  void sort_values(std::uint32_t group, std::vector<std::int64_t>& sorted) const {
    sorted.clear();
    ranked_.for_each(group, [&](const RankedEntry& entry) {
      sorted.insert(sorted.end(), static_cast<std::size_t>(entry.copies), entry.value);
    });
    const auto listed = static_cast<std::ptrdiff_t>(sorted.size());
    values_.for_each(group, [&](double value) { sorted.push_back(total_order(value)); });
    std::sort(sorted.begin() + listed, sorted.end());
    std::inplace_merge(sorted.begin(), sorted.begin() + listed, sorted.end());
  }

  template <class At>
  void append_result(ColumnBuilder& builder, std::uint64_t rows, At at) const {
    ColumnBuilder& target = percentages_.is_array ? builder.child(0) : builder;
    for (const double percentage : percentages_.values) target.append_double(interpolate(rows, percentage, at));
    if (percentages_.is_array) builder.end_list();
  }

  template <class At>
  static double interpolate(std::uint64_t rows, double percentage, At at) {
    const double position = static_cast<double>(rows - 1) * percentage;
    const double below = std::floor(position);
    const double above = std::ceil(position);
    const double low = of_total_order(at(static_cast<std::uint64_t>(below)));
    const double high = of_total_order(at(static_cast<std::uint64_t>(above)));
    return below == above || low == high ? low : (above - position) * low + (position - below) * high;
  }

  Percentages percentages_;
  ListStore<double> values_;  // of small groups all, of large ones those that came last
  RankedCounts ranked_;
  Vec<std::int64_t> keys_;  // of the run at hand
  Vec<RankedEntry> run_;
};

constexpr AggregateTraits kTraits{.invertible = true, .order_free = true, .grows = true};

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
