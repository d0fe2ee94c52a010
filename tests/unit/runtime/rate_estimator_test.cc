// The controller behind `backpressure`.
#include "engine/runtime/rate_estimator.h"

#include <catch2/catch.hpp>

using namespace sr::runtime;

TEST_CASE("the first batch gives its processing rate, later ones pull towards theirs and pay off the backlog") {
  RateEstimator estimator(1000, {1.0, 0.2, 0.0, 100});
  CHECK_FALSE(estimator.rate());
  estimator.add({1'000'000, 5000, 500'000, 0});
  CHECK(*estimator.rate() == Approx(10'000));
  estimator.add({2'000'000, 4000, 500'000, 0});
  CHECK(*estimator.rate() == Approx(8000));
  // Half a second late at 8,000 records a second: 4,000 records behind, a fifth of them is paid off.
  estimator.add({3'000'000, 4000, 500'000, 500'000});
  CHECK(*estimator.rate() == Approx(8000 - 0.2 * 4000));
  estimator.add({4'000'000, 1, 900'000, 5'000'000});
  CHECK(*estimator.rate() == Approx(100));
}

TEST_CASE("empty batches and clocks that stand still say nothing") {
  RateEstimator estimator(1000, {});
  estimator.add({1'000'000, 0, 500'000, 0});
  CHECK_FALSE(estimator.rate());
  estimator.add({1'000'000, 1000, 500'000, 0});
  estimator.add({1'000'000, 9000, 500'000, 0});
  CHECK(*estimator.rate() == Approx(2000));
}
