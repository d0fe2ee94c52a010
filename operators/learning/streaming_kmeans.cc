// streaming_kmeans: k clusters that follow the stream. Each row gets the cluster whose centre was nearest before its
// batch; then the batch moves the centres. The rule is the mini-batch k-means with forgetting of Spark MLlib's
// StreamingKMeans (Freeman 2014; after Sculley, "Web-scale k-means clustering", WWW 2010): with a the discount, n_t the
// old weight of a centre c_t, and x_t the mean of the m_t new points,
//   c_{t+1} = (c_t n_t a + x_t m_t) / (n_t a + m_t),   n_{t+1} = n_t a + m_t,
// where a = decay per batch, or decay^points; a half-life h gives decay = 0.5^(1/h). A cluster whose weight falls below
// 1e-8 of the largest is dropped and the largest is split in two beside its place. A batch without points forgets too.
//
//   groups: {type: streaming_kmeans, input: points, features: [x, y], k: 3, half_life: {batches: 10}, random: {seed:
//   1}}
//
// Port `model`: one row per cluster and batch. Tested in tests/jobs/learning.yaml.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/env_virtual.h"
#include "engine/flow/emit_rows.h"
#include "operators/support/features.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

constexpr flow::PortIndex kModelPort = 1;

struct HalfLife {
  std::optional<double> batches;
  std::optional<double> points;
  Span span;
  bool present = false;
  static const std::shared_ptr<const specs::OptionTable<HalfLife>>& table() {
    static const auto options = [] {
      auto made = std::make_shared<specs::OptionTable<HalfLife>>();
      made->option("batches", &HalfLife::batches).doc("After so many batches old points count half.").example("10");
      made->option("points", &HalfLife::points).doc("After so many points old points count half.").example("1000");
      return std::shared_ptr<const specs::OptionTable<HalfLife>>(made);
    }();
    return options;
  }
};

struct RandomStart {
  std::int64_t seed = 0;
  bool present = false;
  static const std::shared_ptr<const specs::OptionTable<RandomStart>>& table() {
    static const auto options = [] {
      auto made = std::make_shared<specs::OptionTable<RandomStart>>();
      made->option("seed", &RandomStart::seed).required().doc("Seed of the random centres.").example("1");
      return std::shared_ptr<const specs::OptionTable<RandomStart>>(made);
    }();
    return options;
  }
};

struct KmeansConfig {
  specs::RawOption features;
  std::int64_t k = 0;
  std::optional<double> decay;
  HalfLife half_life;
  specs::RawOption centers;
  RandomStart random;
};

struct KmeansPlan {
  SchemaRef schema, result, model;
  Features features;
  std::size_t k = 0;
  double decay = 1.0;
  bool per_point = false;
  std::vector<double> centers;  // k × width; empty: random by seed
  std::uint64_t seed = 0;
};

class Kmeans final : public flow::WholeBatch {
 public:
  explicit Kmeans(KmeansPlan plan) : plan_(std::move(plan)), centers_(plan_.centers), weights_(plan_.k, 0.0) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    FeatureMatrix matrix;
    matrix.table = flow::gather_input(plan_.schema, partials, 0);
    matrix.width = centers_.size() / plan_.k;
    if (!read_features({plan_.features, nullptr}, context, matrix, out)) return {};
    if (centers_.empty() && matrix.width != 0) random_centers(matrix.width);
    std::vector<std::size_t> nearest(matrix.rows.size());
    auto clusters = std::make_shared<Column>(types::bigint(), static_cast<std::uint32_t>(nearest.size()));
    auto* values = clusters->make_values<std::int64_t>(clusters->size);
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      nearest[i] = nearest_center(matrix.row(i), matrix.width);
      values[i] = static_cast<std::int64_t>(nearest[i]);
    }
    emit_scored(matrix, plan_.result, clusters, out);
    update(matrix, nearest);
    if (out.is_read(kModelPort) && !centers_.empty()) out.emit(model(), kModelPort);
    return {};
  }

  bool has_state() const override { return true; }
  void snapshot(std::string& out) const override {
    put_doubles(out, centers_);
    put_doubles(out, weights_);
  }
  Status restore(std::string_view in) override {
    SR_TRY(take_doubles(&in, centers_));
    return take_doubles(&in, weights_);
  }
  void list_state(const Tick&, const flow::StateReader& read) override {
    if (!centers_.empty()) read({model(), 1});
  }
  std::size_t state_bytes() const override { return (centers_.size() + weights_.size()) * sizeof(double); }
  std::uint64_t state_keys() const override { return plan_.k; }

 private:
  // Standard normal numbers by Box and Muller.
  void random_centers(std::size_t width) {
    SeededRandom random(plan_.seed);
    const auto uniform = [&] { return (static_cast<double>(random.next() >> 11) + 0.5) * 0x1.0p-53; };
    for (std::size_t i = 0; i < plan_.k * width; ++i) {
      const double radius = std::sqrt(-2 * std::log(uniform()));
      centers_.push_back(radius * std::cos(2 * std::numbers::pi * uniform()));
    }
  }

  std::size_t nearest_center(const double* point, std::size_t width) const {
    std::size_t best = 0;
    double best_distance = HUGE_VAL;
    for (std::size_t c = 0; c < plan_.k; ++c) {
      double distance = 0;
      for (std::size_t j = 0; j < width; ++j) {
        const double d = point[j] - centers_[c * width + j];
        distance += d * d;
      }
      if (distance < best_distance) {
        best = c;
        best_distance = distance;
      }
    }
    return best;
  }

  void update(const FeatureMatrix& matrix, const std::vector<std::size_t>& nearest) {
    if (centers_.empty()) return;
    const std::size_t width = matrix.width;
    std::vector<double> sums(plan_.k * width, 0.0), counts(plan_.k, 0.0);
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      counts[nearest[i]] += 1;
      for (std::size_t j = 0; j < width; ++j) sums[nearest[i] * width + j] += matrix.row(i)[j];
    }
    const double discount = plan_.per_point ? std::pow(plan_.decay, static_cast<double>(nearest.size())) : plan_.decay;
    for (double& weight : weights_) weight *= discount;
    for (std::size_t c = 0; c < plan_.k; ++c) {
      if (counts[c] == 0) continue;
      weights_[c] += counts[c];
      const double share = counts[c] / std::max(weights_[c], 1e-16);
      for (std::size_t j = 0; j < width; ++j) {
        double& center = centers_[c * width + j];
        center = center * (1 - share) + sums[c * width + j] * (share / counts[c]);
      }
    }
    split_largest_if_one_dies(width);
  }

  void split_largest_if_one_dies(std::size_t width) {
    const auto largest =
        static_cast<std::size_t>(std::max_element(weights_.begin(), weights_.end()) - weights_.begin());
    const auto smallest =
        static_cast<std::size_t>(std::min_element(weights_.begin(), weights_.end()) - weights_.begin());
    if (weights_[smallest] >= 1e-8 * weights_[largest]) return;
    const double weight = (weights_[largest] + weights_[smallest]) / 2;
    weights_[largest] = weights_[smallest] = weight;
    for (std::size_t j = 0; j < width; ++j) {
      const double x = centers_[largest * width + j];
      const double step = 1e-14 * std::max(std::fabs(x), 1.0);
      centers_[largest * width + j] = x + step;
      centers_[smallest * width + j] = x - step;
    }
  }

  // A row per cluster; the centres are known.
  Chunk model() const {
    const std::size_t width = centers_.size() / plan_.k;
    ColumnBuilder cluster(types::bigint()), center(types::array(types::float64())), weight(types::float64());
    for (std::size_t c = 0; c < plan_.k; ++c) {
      cluster.append_int(static_cast<std::int64_t>(c));
      for (std::size_t j = 0; j < width; ++j) center.child(0).append_double(centers_[c * width + j]);
      center.end_list();
      weight.append_double(weights_[c]);
    }
    const std::uint32_t rows = cluster.size();
    return {plan_.model, {cluster.finish(), center.finish(), weight.finish()}, rows, nullptr, nullptr};
  }

  KmeansPlan plan_;
  std::vector<double> centers_;  // k × width, row by row; empty until the width is known
  std::vector<double> weights_;
};

// Reads `centers: [[x, y], …]`.
bool bind_centers(const KmeansConfig& config, specs::BindContext& context, KmeansPlan& plan) {
  const specs::SpecValue& list = config.centers.value;
  const auto wrong = [&](Span span, const std::string& message) {
    context.error("SR4503", span, message, "",
                  "for example `centers: [[0, 0], [5, 5]]`: one list of numbers per cluster");
    return false;
  };
  if (!list.is_list() || list.items.size() != plan.k) {
    return wrong(list.span, "`centers` must list " + std::to_string(plan.k) + " centres, one per cluster");
  }
  for (const specs::SpecValue& center : list.items) {
    if (!center.is_list() || center.items.empty() || center.items.size() != list.items[0].items.size()) {
      return wrong(center.span, "every centre is a list of numbers of the same length");
    }
    if (!plan.features.is_array && center.items.size() != plan.features.columns.size()) {
      return wrong(center.span, "a centre has " + std::to_string(center.items.size()) + " numbers, and there are " +
                                    std::to_string(plan.features.columns.size()) + " features");
    }
    for (const specs::SpecValue& number : center.items) {
      double value = 0;
      if (!number.is_scalar() || !parse_double(number.text, &value))
        return wrong(number.span, "`" + number.text + "` is no number");
      plan.centers.push_back(value);
    }
  }
  return true;
}

bool bind_forgetting(const KmeansConfig& config, specs::BindContext& context, KmeansPlan& plan) {
  if (config.decay && config.half_life.present) {
    context.error("SR4504", context.key_span("half_life"),
                  "`decay` and `half_life` say the same thing; give one of them");
    return false;
  }
  if (config.decay) {
    if (*config.decay < 0 || *config.decay > 1) {
      context.error("SR4505", context.value_span("decay"),
                    "`decay` must be between 0 (forget at once) and 1 (never forget)");
      return false;
    }
    plan.decay = *config.decay;
  }
  if (!config.half_life.present) return true;
  const bool batches = config.half_life.batches.has_value();
  const auto half = batches ? config.half_life.batches : config.half_life.points;
  if (batches == config.half_life.points.has_value() || !half || *half <= 0) {
    context.error("SR4506", config.half_life.span, "`half_life` takes a positive number of `batches` or of `points`",
                  "", "for example `half_life: {batches: 10}`");
    return false;
  }
  plan.decay = std::exp(std::log(0.5) / *half);
  plan.per_point = !batches;
  return true;
}

std::optional<specs::BoundNode> bind_kmeans(const KmeansConfig& config, specs::BindContext& context) {
  KmeansPlan plan;
  plan.schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  plan.k = static_cast<std::size_t>(config.k);
  auto features = bind_features(config.features, context);
  bool good = features.has_value();
  if (features) plan.features = std::move(*features);
  if (config.centers.present() == config.random.present) {
    context.error("SR4507", context.node_span(),
                  "streaming_kmeans starts from `centers` or from `random: {seed: …}`; give one of them");
    good = false;
  } else if (config.centers.present() && good) {
    good = bind_centers(config, context, plan);
  }
  plan.seed = static_cast<std::uint64_t>(config.random.seed);
  good = bind_forgetting(config, context, plan) && good;
  if (!good || !plan.schema) return std::nullopt;
  std::vector<Field> fields = plan.schema->fields;
  context.add_column(fields, "cluster", types::bigint(), context.node_span());
  if (context.failed()) return std::nullopt;
  plan.result = std::make_shared<const Schema>(fields);
  plan.model = std::make_shared<const Schema>(std::vector<Field>{
      {"cluster", types::bigint()}, {"center", types::array(types::float64())}, {"weight", types::float64()}});
  specs::BoundNode bound;
  bound.ports = {{"", plan.result}, {"model", plan.model}};
  bound.stateful = true;
  bound.state = {{"center", types::array(types::float64())}, {"weight", types::float64()}};
  bound.state_shape = "k=" + std::to_string(plan.k);
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Kmeans>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<KmeansConfig>> kmeans_options() {
  auto table = std::make_shared<specs::OptionTable<KmeansConfig>>();
  table->option("features", &KmeansConfig::features)
      .required()
      .doc("Numeric expressions, or one array of numbers.")
      .example("[x, y]");
  table->option("k", &KmeansConfig::k).required().range(1, 10000).doc("The number of clusters.").example("3");
  table->option("decay", &KmeansConfig::decay)
      .doc("What old points count after a batch: 1 never forgets, 0 knows only the last batch.")
      .default_text("1.0");
  table->option("half_life", &KmeansConfig::half_life)
      .block(HalfLife::table())
      .doc("Forgetting by half-life instead of `decay`.")
      .example("{batches: 10}");
  table->option("centers", &KmeansConfig::centers).doc("The centres to start from.").example("[[0, 0], [5, 5]]");
  table->option("random", &KmeansConfig::random)
      .block(RandomStart::table())
      .doc("Starts from random centres (standard normal).")
      .example("{seed: 1}");
  return table;
}

}  // namespace

void register_streaming_kmeans(specs::Registry& registry) {
  registry.add(specs::node<KmeansConfig>(
      {.name = "streaming_kmeans",
       .group = "learning",
       .summary = "Sorts rows into k clusters whose centres follow the stream; adds `cluster`.",
       .example = "groups: {type: streaming_kmeans, input: points, features: [x, y], k: 3, half_life: {batches: 10}, "
                  "random: {seed: 1}}\n",
       .capabilities = {.stateful = true, .needs_checkpoint = true},
       .ports = {"model"}},
      kmeans_options(), bind_kmeans));
}

}  // namespace sr::operators
