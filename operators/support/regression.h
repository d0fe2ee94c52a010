// What streaming_linear_regression and streaming_logistic_regression share: options, the node, the model port.
// Tested in tests/jobs/learning.yaml.
#pragma once

#include "operators/support/features.h"
#include "operators/support/sgd.h"
#include "specs/registry.h"

namespace sr::operators {

struct RegressionConfig {
  specs::RawOption features;
  specs::ExprOption label;
  double step_size = 0.1;
  std::int64_t iterations = 50;
  double regularization = 0.0;
  double mini_batch_fraction = 1.0;
  std::vector<std::string> initial_weights;
  bool intercept = false;
};

std::shared_ptr<const specs::OptionTable<RegressionConfig>> regression_options();
// Binds a regression: adds `prediction` (of logistic regression 0.0 or 1.0), scored with the model before the batch.
std::optional<specs::BoundNode> bind_regression(const RegressionConfig& config, Loss loss, specs::BindContext& context);

}  // namespace sr::operators
