// Named counters, gauges and histograms of one job, and their text for Prometheus. The registry belongs to the job;
// there is no global one. Entry point: Metrics. Knows nothing of batches or operators. Tested in tests/unit/observe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sr {

// Counts up. Any thread.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// Holds the current amount of something. Any thread.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double delta);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Counts observations in buckets with fixed upper bounds. Any thread.
class Histogram {
 public:
  // `bounds` grow; a last bucket without bound is added.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  double sum() const { return sum_.value(); }
  const std::vector<double>& bounds() const { return bounds_; }
  // Gives the observations of bucket `index` alone; bounds().size() is the one without bound.
  std::uint64_t bucket(std::size_t index) const { return buckets_[index].load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<std::uint64_t> count_ = 0;
  Gauge sum_;
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// The seconds in which batches, commits and syncs are measured.
std::vector<double> duration_bounds();

// Owns the metrics of a job. Asking twice for the same name and labels gives the same metric; it lives as long as the
// registry. A counter's name ends with `_total`, times are in seconds, sizes in bytes (Prometheus naming rules).
class Metrics {
 public:
  Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const MetricLabels& labels = {},
                       const std::vector<double>& bounds = duration_bounds());

  // Writes the Prometheus text format, version 0.0.4; families in the order of their first use.
  std::string prometheus_text() const;
  // Shows each counter and gauge with its name, labels and value.
  void visit(const std::function<void(std::string_view, const MetricLabels&, double)>& show) const;

 private:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  struct Entry {
    MetricLabels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    std::string name;
    std::string help;
    Kind kind = Kind::counter;
    std::vector<std::unique_ptr<Entry>> entries;
  };

  Entry& entry(Kind kind, std::string_view name, std::string_view help, const MetricLabels& labels);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;
};

}  // namespace sr
