#include "operators/support/sgd.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "engine/base/env_virtual.h"

namespace sr::operators {

namespace {

constexpr double kConvergence = 0.001;

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

// One row: its features and its label.
struct SgdRow {
  std::span<const double> x;
  double label;
};

// Adds the gradient of one row.
void add_gradient(const SgdOptions& options, const SgdRow& row, const std::vector<double>& weights,
                  std::vector<double>& sum) {
  const double at = margin(weights, row.x.data(), row.x.size(), options.intercept);
  const double predicted = options.loss == Loss::squares ? at : 1.0 / (1.0 + std::exp(-at));
  const double factor = predicted - row.label;
  for (std::size_t j = 0; j < row.x.size(); ++j) sum[j] += factor * row.x[j];
  if (options.intercept) sum[row.x.size()] += factor;
}

}  // namespace

double margin(const std::vector<double>& weights, const double* x, std::size_t width, bool intercept) {
  double sum = 0;
  for (std::size_t j = 0; j < width; ++j) sum += weights[j] * x[j];
  return intercept ? sum + weights[width] : sum;
}

void descend(const SgdOptions& options, const SgdData& data, std::vector<double>& weights) {
  if (data.rows == 0) return;
  bool has_previous = false;
  for (std::int64_t i = 1; i <= options.iterations; ++i) {
    SeededRandom random(options.seed + static_cast<std::uint64_t>(i));
    std::vector<double> gradient(weights.size(), 0.0);
    double used = 0;
    for (std::size_t row = 0; row < data.rows; ++row) {
      if (options.mini_batch_fraction < 1 &&
          static_cast<double>(random.next() >> 11) * 0x1.0p-53 >= options.mini_batch_fraction)
        continue;
      add_gradient(options, {{data.features + row * data.width, data.width}, data.labels[row]}, weights, gradient);
      used += 1;
    }
    if (used == 0) continue;
    const std::vector<double> before = weights;
    const double step = options.step_size / std::sqrt(static_cast<double>(i));
    for (std::size_t j = 0; j < weights.size(); ++j) {
      weights[j] = weights[j] * (1 - step * options.regularization) - step * gradient[j] / used;
    }
    std::vector<double> change(weights.size());
    for (std::size_t j = 0; j < weights.size(); ++j) change[j] = weights[j] - before[j];
    if (has_previous && norm(change) < kConvergence * std::max(norm(weights), 1.0)) return;
    has_previous = true;
  }
}

}  // namespace sr::operators
