// approx_count_distinct: exact up to 512 different values (a sorted set of their hashes), then HyperLogLog with 4,096
// registers (standard error 1.6 %) and the estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches" (2017), which needs no tables of bias. The form depends only on the values, not on how rows were grouped.
#include <algorithm>
#include <cmath>

#include "engine/base/hash.h"
#include "engine/expr/aggregates/families.h"
#include "engine/expr/eval.h"

namespace sr::expr {

namespace {

constexpr std::size_t kSparseLimit = 512;
constexpr int kPrecision = 12;
constexpr std::size_t kRegisters = std::size_t{1} << kPrecision;
constexpr int kRankBits = 64 - kPrecision;

class Sketch {
 public:
  void add(std::uint64_t hash) {
    if (dense()) {
      raise(hash);
      return;
    }
    std::uint64_t* const place = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
    if (place != hashes_.end() && *place == hash) return;
    const auto index = static_cast<std::size_t>(place - hashes_.begin());
    hashes_.push_back(hash);
    std::rotate(hashes_.begin() + index, hashes_.end() - 1, hashes_.end());
    if (hashes_.size() > kSparseLimit) densify();
  }
  void merge(const Sketch& other) {
    if (!other.dense()) {
      for (const std::uint64_t hash : other.hashes_) add(hash);
      return;
    }
    if (!dense()) densify();
    for (std::size_t i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
  std::int64_t count() const {
    return dense() ? static_cast<std::int64_t>(std::llround(estimate())) : static_cast<std::int64_t>(hashes_.size());
  }

  std::size_t memory_bytes() const { return hashes_.capacity() * 8 + registers_.capacity(); }
  void encode(std::string& out) const {
    const auto count = dense() ? ~std::uint32_t{0} : static_cast<std::uint32_t>(hashes_.size());
    out.append(reinterpret_cast<const char*>(&count), sizeof count);
    if (dense()) {
      out.append(reinterpret_cast<const char*>(registers_.data()), kRegisters);
    } else {
      out.append(reinterpret_cast<const char*>(hashes_.data()), hashes_.size() * 8);
    }
  }
  bool decode(std::string_view* input) {
    std::uint32_t count = 0;
    if (input->size() < sizeof count) return false;
    std::memcpy(&count, input->data(), sizeof count);
    input->remove_prefix(sizeof count);
    const bool is_dense = count == ~std::uint32_t{0};
    if (!is_dense && count > kSparseLimit) return false;
    const std::size_t bytes = is_dense ? kRegisters : count * std::size_t{8};
    if (input->size() < bytes) return false;
    if (is_dense) {
      registers_.append(reinterpret_cast<const std::uint8_t*>(input->data()), bytes);
    } else {
      hashes_.resize(count);
      if (bytes > 0) std::memcpy(hashes_.data(), input->data(), bytes);
    }
    input->remove_prefix(bytes);
    return true;
  }

 private:
  bool dense() const { return !registers_.empty(); }
  void densify() {
    registers_.resize(kRegisters, 0);
    for (const std::uint64_t hash : hashes_) raise(hash);
    hashes_ = {};
  }
  void raise(std::uint64_t hash) {
    const std::size_t index = hash >> kRankBits;
    const std::uint64_t rest = hash << kPrecision;
    const int rank = rest == 0 ? kRankBits + 1 : __builtin_clzll(rest) + 1;
    registers_[index] = std::max(registers_[index], static_cast<std::uint8_t>(rank));
  }

  // Ertl's improved raw estimator (algorithm 6), from how often each rank occurs.
  double estimate() const {
    std::array<double, kRankBits + 2> histogram{};
    for (const std::uint8_t rank : registers_) histogram[rank] += 1;
    constexpr auto kCount = static_cast<double>(kRegisters);
    double z = kCount * tau(1 - histogram[kRankBits + 1] / kCount);
    for (int rank = kRankBits; rank >= 1; --rank) z = 0.5 * (z + histogram[static_cast<std::size_t>(rank)]);
    z += kCount * sigma(histogram[0] / kCount);
    return kCount * kCount / (2 * std::log(2.0)) / z;
  }
  static double sigma(double x) {
    if (x == 1) return HUGE_VAL;
    double y = 1;
    double z = x;
    for (double before = -1; z != before; y += y) {
      x *= x;
      before = z;
      z += x * y;
    }
    return z;
  }
  static double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1;
    double z = 1 - x;
    for (double before = -1; z != before;) {
      x = std::sqrt(x);
      before = z;
      y *= 0.5;
      z -= (1 - x) * (1 - x) * y;
    }
    return z / 3;
  }

  Vec<std::uint64_t> hashes_;    // ascending; while there are few
  Vec<std::uint8_t> registers_;  // afterwards
};

class ApproxDistinctStates final : public AggregateStates {
 public:
  void resize(std::uint32_t groups) override { sketches_.resize(groups); }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(sketches_.size()); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Column& column = *args[0];
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      if (column.valid(row)) sketches_[groups ? groups[i] : 0].add(hash_u64(hash_value(column, row)));
    }
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const ApproxDistinctStates&>(from).sketches_;
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) sketches_[pairs.targets[i]].merge(other[pairs.source(i)]);
  }
  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    const auto count = static_cast<std::uint32_t>(groups.size());
    auto column = std::make_shared<Column>(types::bigint(), count);
    std::int64_t* const values = column->make_values<std::int64_t>(count);
    for (std::uint32_t i = 0; i < count; ++i) values[i] = sketches_[groups[i]].count();
    return column;
  }
  void reset(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) sketches_[group] = {};
  }
  void clear() override { sketches_.clear(); }
  std::size_t memory_bytes() const override {
    std::size_t bytes = sketches_.capacity() * sizeof(Sketch);
    for (const Sketch& sketch : sketches_) bytes += sketch.memory_bytes();
    return bytes;
  }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    for (const std::uint32_t group : groups) sketches_[group].encode(out);
  }
  Status decode(std::string_view* input, std::uint32_t count) override {
    for (std::uint32_t i = 0; i < count; ++i) {
      sketches_.emplace_back();
      if (!sketches_.back().decode(input)) return Error{"the values of approx_count_distinct are damaged"};
    }
    return {};
  }

 private:
  std::vector<Sketch> sketches_;
};

}  // namespace

void register_approx_distinct(AggregateRegistry& registry) {
  registry.add({.name = "approx_count_distinct",
                .min_args = 1,
                .max_args = 2,
                .signature = "approx_count_distinct(v)",
                .summary = "About how many different values: exact up to 512, then within 1.6 % (standard error).",
                .example = "approx_count_distinct(x) over x: 2, 1, 2, null gives 2",
                .resolve = [](const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError*) {
                  return set_aggregate<ApproxDistinctStates>(out, types::bigint(),
                                                             std::vector<TypeRef>(input.types.size()),
                                                             {.order_free = true, .empty_is_zero = true});
                }});
}

}  // namespace sr::expr
