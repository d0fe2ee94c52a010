#include "operators/support/student_t.h"

#include <cmath>

namespace sr::operators {

void Sample::merge(const Sample& other) {
  if (other.n == 0) return;
  const double total = n + other.n;
  const double delta = other.mean - mean;
  mean += delta * other.n / total;
  squares += other.squares + delta * delta * n * other.n / total;
  n = total;
}

namespace {

constexpr int kMostTerms = 1000;
constexpr double kTiny = 1e-300;

// The continued fraction of the incomplete beta function, good for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  if (std::fabs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double result = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    d = 1 / (std::fabs(d) < kTiny ? kTiny : d);
    if (std::fabs(c) < kTiny) c = kTiny;
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    d = 1 / (std::fabs(d) < kTiny ? kTiny : d);
    if (std::fabs(c) < kTiny) c = kTiny;
    const double step = d * c;
    result *= step;
    if (std::fabs(step - 1) < 1e-16) break;
  }
  return result;
}

// P(|T| >= |t|) of Student's distribution.
double two_sided(double t, double degrees) {
  if (std::isnan(t) || std::isnan(degrees)) return std::nan("");
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  if (std::isnan(x)) return x;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

TTest welch_test(const Sample& a, const Sample& b) {
  const double va = a.variance() / a.n, vb = b.variance() / b.n;
  TTest test;
  test.statistic = (a.mean - b.mean) / std::sqrt(va + vb);
  test.degrees_of_freedom = (va + vb) * (va + vb) / (va * va / (a.n - 1) + vb * vb / (b.n - 1));
  test.p_value = two_sided(test.statistic, test.degrees_of_freedom);
  return test;
}

TTest student_test(const Sample& a, const Sample& b) {
  const double degrees = a.n + b.n - 2;
  const double pooled = (a.squares + b.squares) / degrees;
  TTest test;
  test.statistic = (a.mean - b.mean) / std::sqrt(pooled * (1 / a.n + 1 / b.n));
  test.degrees_of_freedom = degrees;
  test.p_value = two_sided(test.statistic, degrees);
  return test;
}

}  // namespace sr::operators
