// The two-sample t test: Student's (equal variances) and Welch's. Formulas: Welch, "The generalization of Student's
// problem when several different population variances are involved", Biometrika 34 (1947); degrees of freedom after
// Welch and Satterthwaite; the distribution by the regularised incomplete beta function as a continued fraction
// (Lentz). Tested in tests/unit/operators and tests/jobs/learning.yaml.
#pragma once

namespace sr::operators {

// A sample: size, mean, and sum of squared differences from the mean (Welford).
struct Sample {
  double n = 0;
  double mean = 0;
  double squares = 0;

  void add(double value) {
    n += 1;
    const double delta = value - mean;
    mean += delta / n;
    squares += delta * (value - mean);
  }
  // Joins another sample (Chan, Golub, LeVeque 1979).
  void merge(const Sample& other);
  double variance() const { return squares / (n - 1); }
};

struct TTest {
  double statistic = 0;
  double degrees_of_freedom = 0;
  double p_value = 1;  // two-sided
};

// Both samples need at least two values.
TTest welch_test(const Sample& a, const Sample& b);
TTest student_test(const Sample& a, const Sample& b);

// I_x(a, b), for 0 <= x <= 1; accurate to about 1e-14.
double incomplete_beta(double a, double b, double x);

}  // namespace sr::operators
