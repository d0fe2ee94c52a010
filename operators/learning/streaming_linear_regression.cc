// streaming_linear_regression: learns a line through the rows by least squares. Each row is scored with the model as it
// was before its batch; then the batch improves the model by stochastic gradient descent (support/sgd.h has the
// formula). Port `model`: one row per batch.
//
//   prices: {type: streaming_linear_regression, input: sales, features: [area, rooms], label: price, step_size: 0.01}
//
// Tested in tests/jobs/learning.yaml.
#include "operators/support/regression.h"

namespace sr::operators {
namespace {

std::optional<specs::BoundNode> bind_linear(const RegressionConfig& config, specs::BindContext& context) {
  return bind_regression(config, Loss::squares, context);
}

}  // namespace

void register_streaming_linear_regression(specs::Registry& registry) {
  registry.add(specs::node<RegressionConfig>(
      {.name = "streaming_linear_regression",
       .group = "learning",
       .summary = "Learns a linear model by gradient descent while it scores the stream; adds `prediction`.",
       .example = "prices: {type: streaming_linear_regression, input: sales, features: [area, rooms], label: price, "
                  "step_size: 0.01}\n",
       .capabilities = {.stateful = true, .needs_checkpoint = true},
       .ports = {"model"}},
      regression_options(), bind_linear));
}

}  // namespace sr::operators
