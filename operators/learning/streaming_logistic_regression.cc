// streaming_logistic_regression: learns the odds of a yes by logistic regression. Each row is scored with the model as
// it was before its batch; then the batch improves the model by stochastic gradient descent (support/sgd.h has the
// formula). Port `model`: one row per batch.
//
//   churn: {type: streaming_logistic_regression, input: customers, features: [visits, age], label: left_us}
//
// Tested in tests/jobs/learning.yaml.
#include "operators/support/regression.h"

namespace sr::operators {
namespace {

std::optional<specs::BoundNode> bind_logistic(const RegressionConfig& config, specs::BindContext& context) {
  return bind_regression(config, Loss::logistic, context);
}

}  // namespace

void register_streaming_logistic_regression(specs::Registry& registry) {
  registry.add(specs::node<RegressionConfig>(
      {.name = "streaming_logistic_regression",
       .group = "learning",
       .summary = "Learns to tell 0 from 1 by gradient descent while it scores the stream; adds `prediction`.",
       .example =
           "churn: {type: streaming_logistic_regression, input: customers, features: [visits, age], label: left_us}\n",
       .capabilities = {.stateful = true, .needs_checkpoint = true},
       .ports = {"model"}},
      regression_options(), bind_logistic));
}

}  // namespace sr::operators
