// approx_percentile: an element whose rank is near p × n. Up to 8,192 values it is the exact one, ceil(p × n); beyond,
// values are kept in levels of weight 1, 2, 4, …: a full level is sorted and every other value moves up, first the odd,
// then the even ones in turn (Manku, Rajagopalan and Lindsay, "Approximate medians and other quantiles in one pass",
// 1998). The rank is off by at most n × log2(n / 8192) / 8192: 0.2 % of 10^9 values. No chance is involved.
#include <algorithm>
#include <array>
#include <cmath>

#include "engine/expr/aggregates/families.h"
#include "engine/expr/eval.h"

namespace sr::expr {

namespace {

constexpr std::size_t kLevelSize = 8192;
constexpr std::size_t kMaxLevels = 48;

template <class T>
bool before(const T& a, const T& b) {
  return a < b;
}
template <>
bool before(const double& a, const double& b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  return a < b || (a == b && std::signbit(a) && !std::signbit(b));
}

template <class T>
class Levels {
 public:
  bool empty() const { return count_ == 0; }
  void add(const T& value) {
    if (levels_.empty()) levels_.emplace_back();
    ++count_;
    levels_[0].values.push_back(value);
    if (levels_[0].values.size() > kLevelSize) compact();
  }
  void merge(const Levels& other) {
    if (levels_.size() < other.levels_.size()) levels_.resize(other.levels_.size());
    for (std::size_t i = 0; i < other.levels_.size(); ++i) {
      levels_[i].values.append(other.levels_[i].values.data(), other.levels_[i].values.size());
    }
    count_ += other.count_;
    compact();
  }
  // The values of ascending weight-ranks; `percentages` in any order.
  void query(const std::vector<double>& percentages, std::vector<T>& out) const {
    std::vector<std::pair<T, std::uint64_t>> all;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      for (const T& value : levels_[i].values) all.emplace_back(value, std::uint64_t{1} << i);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return before<T>(a.first, b.first); });
    std::uint64_t total = 0;
    for (auto& [value, weight] : all) weight = total += weight;  // now the rank of its last copy
    for (const double percentage : percentages) {
      const auto rank = static_cast<std::uint64_t>(std::ceil(percentage * static_cast<double>(total)));
      const auto found =
          std::lower_bound(all.begin(), all.end(), rank, [](const auto& a, std::uint64_t r) { return a.second < r; });
      out.push_back(found == all.end() ? all.back().first : found->first);
    }
  }

  std::size_t memory_bytes() const {
    std::size_t bytes = levels_.capacity() * sizeof(Level);
    for (const Level& level : levels_) bytes += level.values.capacity() * sizeof(T);
    return bytes;
  }
  void encode(std::string& out) const {
    put(out, count_);
    put(out, levels_.size());
    for (const Level& level : levels_) {
      put(out, (level.values.size() << 1) | (level.even ? 1 : 0));
      out.append(reinterpret_cast<const char*>(level.values.data()), level.values.size() * sizeof(T));
    }
  }
  bool decode(std::string_view* input) {
    std::uint64_t levels = 0;
    if (!take(input, &count_) || !take(input, &levels) || levels > kMaxLevels) return false;
    levels_.resize(levels);
    for (Level& level : levels_) {
      std::uint64_t header = 0;
      if (!take(input, &header) || input->size() / sizeof(T) < header >> 1) return false;
      level.even = (header & 1) != 0;
      level.values.resize(header >> 1);
      const std::size_t bytes = level.values.size() * sizeof(T);
      if (bytes > 0) std::memcpy(static_cast<void*>(level.values.data()), input->data(), bytes);
      input->remove_prefix(bytes);
    }
    return true;
  }

 private:
  struct Level {
    Vec<T> values;
    bool even = false;  // which half moves up next
  };

  void compact() {
    for (std::size_t i = 0; i < levels_.size() && levels_.size() < kMaxLevels; ++i) {
      if (levels_[i].values.size() <= kLevelSize) continue;
      if (i + 1 == levels_.size()) levels_.emplace_back();
      Level& level = levels_[i];
      Vec<T>& above = levels_[i + 1].values;
      std::sort(level.values.begin(), level.values.end(), before<T>);
      // An odd one out stays.
      const std::size_t pairs = level.values.size() / 2;
      for (std::size_t k = 0; k < pairs; ++k) above.push_back(level.values[2 * k + (level.even ? 1 : 0)]);
      const bool odd = level.values.size() % 2 != 0;
      if (odd) level.values[0] = level.values.back();
      level.values.resize(odd ? 1 : 0);
      level.even = !level.even;
    }
  }

  static void put(std::string& out, std::uint64_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static bool take(std::string_view* input, std::uint64_t* value) {
    if (input->size() < sizeof *value) return false;
    std::memcpy(value, input->data(), sizeof *value);
    input->remove_prefix(sizeof *value);
    return true;
  }

  std::vector<Level> levels_;
  std::uint64_t count_ = 0;
};

template <class T>
class ApproxPercentileStates final : public AggregateStates {
 public:
  ApproxPercentileStates(TypeRef type, Percentages percentages)
      : type_(std::move(type)), percentages_(std::move(percentages)) {}

  void resize(std::uint32_t groups) override { sketches_.resize(groups); }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(sketches_.size()); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Reader<T> reader(*args[0]);
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      if (reader.valid(row)) sketches_[groups ? groups[i] : 0].add(reader[row]);
    }
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const ApproxPercentileStates&>(from).sketches_;
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) sketches_[pairs.targets[i]].merge(other[pairs.source(i)]);
  }

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    ColumnBuilder builder(percentages_.result(type_));
    std::vector<T> found;
    for (const std::uint32_t group : groups) {
      if (sketches_[group].empty()) {
        builder.append_null();
        continue;
      }
      found.clear();
      sketches_[group].query(percentages_.values, found);
      ColumnBuilder& target = percentages_.is_array ? builder.child(0) : builder;
      for (const T& value : found) append(target, value);
      if (percentages_.is_array) builder.end_list();
    }
    return builder.finish();
  }

  void reset(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) sketches_[group] = {};
  }
  void clear() override { sketches_.clear(); }
  std::size_t memory_bytes() const override {
    std::size_t bytes = sketches_.capacity() * sizeof(Levels<T>);
    for (const Levels<T>& sketch : sketches_) bytes += sketch.memory_bytes();
    return bytes;
  }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    for (const std::uint32_t group : groups) sketches_[group].encode(out);
  }
  Status decode(std::string_view* input, std::uint32_t count) override {
    for (std::uint32_t i = 0; i < count; ++i) {
      sketches_.emplace_back();
      if (!sketches_.back().decode(input)) return Error{"the values of approx_percentile are damaged"};
    }
    return {};
  }

 private:
  static void append(ColumnBuilder& builder, std::int64_t value) { builder.append_int(value); }
  static void append(ColumnBuilder& builder, double value) { builder.append_double(value); }
  static void append(ColumnBuilder& builder, Int128 value) { builder.append_decimal(value); }

  TypeRef type_;
  Percentages percentages_;
  std::vector<Levels<T>> sketches_;
};

template <class T>
bool resolve_as(const TypeRef& type, Percentages percentages, std::size_t arguments, ResolvedAggregate* out) {
  std::vector<TypeRef> params(arguments);
  params[0] = type;
  const TypeRef result = percentages.result(type);
  return set_aggregate<ApproxPercentileStates<T>>(out, result, std::move(params), {.exact = false}, type,
                                                  std::move(percentages));
}

bool resolve(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  TypeRef type = input.types[0];
  if (type->id != TypeId::timestamp && type->id != TypeId::date) type = number_argument(input, 0, error);
  if (!type) return false;
  std::optional<Percentages> percentages = constant_percentages(input, 1, error);
  if (!percentages) return false;
  const std::size_t arguments = input.types.size();
  if (arguments > 2 && constant_int(input, 2).value_or(0) < 1) {
    return refuse(error, 2, "the accuracy must be a constant positive bigint");
  }
  if (type->id == TypeId::float64) return resolve_as<double>(type, std::move(*percentages), arguments, out);
  if (type->id == TypeId::decimal) return resolve_as<Int128>(type, std::move(*percentages), arguments, out);
  return resolve_as<std::int64_t>(type, std::move(*percentages), arguments, out);
}

}  // namespace

void register_approx_percentile(AggregateRegistry& registry) {
  const AggregateInfo info{
      .name = "approx_percentile",
      .min_args = 2,
      .max_args = 3,
      .signature = "approx_percentile(n, p [, accuracy]), approx_percentile(n, array(p, …) [, accuracy])",
      .summary = "An element near the percentile (0 to 1): exact up to 8,192 values, then within 0.2 % of 10^9 ranks.",
      .example = "approx_percentile(x, 0.5) over x: 10, 20, 30, null gives 20",
      .resolve = resolve};
  registry.add(info);
  add_alias(registry, info, "percentile_approx");
}

}  // namespace sr::expr
