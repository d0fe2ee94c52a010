#include "operators/support/regression.h"

#include "engine/flow/emit_rows.h"

namespace sr::operators {
namespace {

constexpr flow::PortIndex kModelPort = 1;

struct RegressionPlan {
  SchemaRef schema, result, model;
  Features features;
  expr::BoundRef label;
  SgdOptions options;
  std::vector<double> initial;  // without the intercept; empty: zeros
};

class Regression final : public flow::WholeBatch {
 public:
  explicit Regression(RegressionPlan plan) : plan_(std::move(plan)), weights_(plan_.initial) {
    if (!weights_.empty() && plan_.options.intercept) weights_.push_back(0.0);
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    FeatureMatrix matrix;
    matrix.table = flow::gather_input(plan_.schema, partials, 0);
    const std::size_t constant = plan_.options.intercept ? 1 : 0;
    if (!weights_.empty()) matrix.width = weights_.size() - constant;
    if (!read_features({plan_.features, plan_.label}, context, matrix, out)) return {};
    if (weights_.empty() && !matrix.rows.empty()) weights_.assign(matrix.width + constant, 0.0);
    auto predictions = std::make_shared<Column>(types::float64(), static_cast<std::uint32_t>(matrix.rows.size()));
    auto* values = predictions->make_values<double>(predictions->size);
    for (std::size_t i = 0; i < matrix.rows.size(); ++i) {
      const double at = margin(weights_, matrix.row(i), matrix.width, plan_.options.intercept);
      values[i] = plan_.options.loss == Loss::squares ? at : (at > 0 ? 1.0 : 0.0);
    }
    emit_scored(matrix, plan_.result, predictions, out);
    descend(plan_.options, {matrix.values.data(), matrix.labels.data(), matrix.rows.size(), matrix.width}, weights_);
    if (out.is_read(kModelPort)) emit_model(out);
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return true; }  // without rows there is no step
  void snapshot(std::string& out) const override { put_doubles(out, weights_); }
  Status restore(std::string_view in) override { return take_doubles(&in, weights_); }
  void list_state(const Tick&, const flow::StateReader& read) override {
    if (!weights_.empty()) read({model(), 0});
  }
  std::size_t state_bytes() const override { return weights_.size() * sizeof(double); }
  std::uint64_t state_keys() const override { return 1; }

 private:
  void emit_model(flow::Emitter& out) const {
    if (!weights_.empty()) out.emit(model(), kModelPort);
  }

  // The weights, which are known.
  Chunk model() const {
    const std::size_t width = weights_.size() - (plan_.options.intercept ? 1 : 0);
    ColumnBuilder weights(types::array(types::float64())), intercept(types::float64());
    for (std::size_t j = 0; j < width; ++j) weights.child(0).append_double(weights_[j]);
    weights.end_list();
    intercept.append_double(plan_.options.intercept ? weights_.back() : 0.0);
    return {plan_.model, {weights.finish(), intercept.finish()}, 1, nullptr, nullptr};
  }

  RegressionPlan plan_;
  std::vector<double> weights_;  // features, then the intercept; empty until the width is known
};

bool bind_initial(const RegressionConfig& config, specs::BindContext& context, RegressionPlan& plan) {
  for (const std::string& text : config.initial_weights) {
    double value = 0;
    if (!parse_double(text, &value)) {
      context.error("SR4508", context.value_span("initial_weights"), "`" + text + "` is no number");
      return false;
    }
    plan.initial.push_back(value);
  }
  const bool known = !plan.features.is_array && !plan.initial.empty();
  if (known && plan.initial.size() != plan.features.columns.size()) {
    context.error("SR4508", context.value_span("initial_weights"),
                  "there are " + std::to_string(plan.initial.size()) + " initial weights for " +
                      std::to_string(plan.features.columns.size()) + " features");
    return false;
  }
  return true;
}

bool check_numbers(const RegressionConfig& config, specs::BindContext& context) {
  if (config.step_size <= 0) context.error("SR4509", context.value_span("step_size"), "`step_size` must be above 0");
  if (config.regularization < 0)
    context.error("SR4509", context.value_span("regularization"), "`regularization` must not be negative");
  if (config.mini_batch_fraction <= 0 || config.mini_batch_fraction > 1) {
    context.error("SR4509", context.value_span("mini_batch_fraction"),
                  "`mini_batch_fraction` must be above 0 and at most 1");
  }
  return !context.failed();
}

}  // namespace

std::optional<specs::BoundNode> bind_regression(const RegressionConfig& config, Loss loss,
                                                specs::BindContext& context) {
  RegressionPlan plan;
  plan.schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  plan.options = {
      loss, config.step_size, config.iterations, config.regularization, config.mini_batch_fraction, config.intercept,
      42};
  auto features = bind_features(config.features, context);
  const expr::BoundRef label = context.bind(config.label, context.scope());
  if (label && !label->type->is_number()) {
    context.error("SR4510", context.value_span("label"),
                  "the label must be a number, and this is " + label->type->name(), label->type->name());
  }
  const bool numbers = check_numbers(config, context);
  if (!features || !label || !plan.schema || !numbers) return std::nullopt;
  plan.features = std::move(*features);
  plan.label = expr::cast_to(label, types::float64(), true);
  std::vector<Field> fields = plan.schema->fields;
  context.add_column(fields, "prediction", types::float64(), context.node_span());
  if (!bind_initial(config, context, plan) || context.failed()) return std::nullopt;
  plan.result = std::make_shared<const Schema>(fields);
  plan.model = std::make_shared<const Schema>(
      std::vector<Field>{{"weights", types::array(types::float64())}, {"intercept", types::float64()}});
  specs::BoundNode bound;
  bound.ports = {{"", plan.result}, {"model", plan.model}};
  bound.stateful = true;
  bound.state = {{"weights", types::array(types::float64())}};
  bound.state_shape = plan.options.intercept ? "with intercept" : "";
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Regression>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<RegressionConfig>> regression_options() {
  auto table = std::make_shared<specs::OptionTable<RegressionConfig>>();
  table->option("features", &RegressionConfig::features)
      .required()
      .doc("Numeric expressions, or one array of numbers.")
      .example("[x, y]");
  table->option("label", &RegressionConfig::label)
      .required()
      .doc("The number to learn; of logistic regression 0 or 1.")
      .example("price");
  table->option("step_size", &RegressionConfig::step_size)
      .doc("The first step of the descent; step i is this over the root of i.");
  table->option("iterations", &RegressionConfig::iterations).range(1, 1000000).doc("Steps per batch, at most.");
  table->option("regularization", &RegressionConfig::regularization).doc("Weight of the L2 penalty.");
  table->option("mini_batch_fraction", &RegressionConfig::mini_batch_fraction)
      .doc("The share of the batch's rows that each step looks at.");
  table->option("initial_weights", &RegressionConfig::initial_weights)
      .doc("One number per feature to start from; zeros by default.")
      .example("[0, 0]");
  table->option("intercept", &RegressionConfig::intercept).doc("Learns a constant term too.");
  return table;
}

}  // namespace sr::operators
