// Stochastic gradient descent for linear models, as Spark MLlib's GradientDescent does it: per iteration i (from 1) the
// gradient is averaged over the (sampled) rows and
//   w ← w (1 − s r) − s g   with s = step_size / √i and r the regularisation (L2),
// until the change of w is below 0.001 × max(‖w‖, 1). Knows nothing of streams. Tested in tests/unit/operators and
// tests/jobs/learning.yaml.
#pragma once

#include <cstdint>
#include <vector>

namespace sr::operators {

enum class Loss : std::uint8_t {
  squares,  // g = (w·x − y) x
  logistic  // g = (1/(1 + e^(−w·x)) − y) x, y in {0, 1}
};

struct SgdOptions {
  Loss loss = Loss::squares;
  double step_size = 0.1;
  std::int64_t iterations = 50;
  double regularization = 0.0;
  double mini_batch_fraction = 1.0;
  bool intercept = false;   // a last weight for a constant feature 1
  std::uint64_t seed = 42;  // of the sample
};

// `rows` points of `width` features, row by row, with their labels.
struct SgdData {
  const double* features = nullptr;
  const double* labels = nullptr;
  std::size_t rows = 0;
  std::size_t width = 0;
};

// w·x, plus the intercept if there is one.
double margin(const std::vector<double>& weights, const double* x, std::size_t width, bool intercept);
// Improves the weights (width, plus one with an intercept) in place; no rows: unchanged.
void descend(const SgdOptions& options, const SgdData& data, std::vector<double>& weights);

}  // namespace sr::operators
