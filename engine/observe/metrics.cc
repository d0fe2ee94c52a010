#include "engine/observe/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"

namespace sr {

namespace {

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string label_text(const MetricLabels& labels, std::string_view bound = {}) {
  std::string text;
  for (const auto& [key, value] : labels)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", key, escape(value, true));
  if (!bound.empty()) text += fmt::format("{}le=\"{}\"", text.empty() ? "" : ",", bound);
  return text.empty() ? "" : "{" + text + "}";
}

std::string histogram_text(const std::string& name, const MetricLabels& labels, const Histogram& histogram) {
  std::string text;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    below += histogram.bucket(i);
    text += fmt::format("{}_bucket{} {}\n", name, label_text(labels, number(histogram.bounds()[i])), below);
  }
  below += histogram.bucket(histogram.bounds().size());
  text += fmt::format("{}_bucket{} {}\n", name, label_text(labels, "+Inf"), below);
  text += fmt::format("{}_sum{} {}\n", name, label_text(labels), number(histogram.sum()));
  text += fmt::format("{}_count{} {}\n", name, label_text(labels), below);
  return text;
}

}  // namespace

void Gauge::add(double delta) {
  double before = value_.load(std::memory_order_relaxed);
  while (!value_.compare_exchange_weak(before, before + delta, std::memory_order_relaxed)) {
  }
}

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
  const auto found = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(found - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_.add(value);
}

std::vector<double> duration_bounds() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

Metrics::Entry& Metrics::entry(Kind kind, std::string_view name, std::string_view help, const MetricLabels& labels) {
  auto family =
      std::find_if(families_.begin(), families_.end(), [&](const auto& known) { return known->name == name; });
  if (family == families_.end()) {
    auto made = std::make_unique<Family>();
    made->name = name;
    made->help = help;
    made->kind = kind;
    families_.push_back(std::move(made));
    family = families_.end() - 1;
  }
  SR_CHECK((*family)->kind == kind);
  for (const auto& known : (*family)->entries) {
    if (known->labels == labels) return *known;
  }
  (*family)->entries.push_back(std::make_unique<Entry>());
  (*family)->entries.back()->labels = labels;
  return *(*family)->entries.back();
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard guard(mutex_);
  Entry& found = entry(Kind::counter, name, help, labels);
  if (found.counter == nullptr) found.counter = std::make_unique<Counter>();
  return *found.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard guard(mutex_);
  Entry& found = entry(Kind::gauge, name, help, labels);
  if (found.gauge == nullptr) found.gauge = std::make_unique<Gauge>();
  return *found.gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const MetricLabels& labels,
                              const std::vector<double>& bounds) {
  const std::lock_guard guard(mutex_);
  Entry& found = entry(Kind::histogram, name, help, labels);
  if (found.histogram == nullptr) found.histogram = std::make_unique<Histogram>(bounds);
  return *found.histogram;
}

std::string Metrics::prometheus_text() const {
  const std::lock_guard guard(mutex_);
  std::string text;
  for (const auto& family : families_) {
    const char* kind = family->kind == Kind::counter ? "counter" : family->kind == Kind::gauge ? "gauge" : "histogram";
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family->name, escape(family->help, false), family->name, kind);
    for (const auto& one : family->entries) {
      if (one->histogram != nullptr) {
        text += histogram_text(family->name, one->labels, *one->histogram);
        continue;
      }
      const std::string value = one->counter ? std::to_string(one->counter->value()) : number(one->gauge->value());
      text += fmt::format("{}{} {}\n", family->name, label_text(one->labels), value);
    }
  }
  return text;
}

void Metrics::visit(const std::function<void(std::string_view, const MetricLabels&, double)>& show) const {
  const std::lock_guard guard(mutex_);
  for (const auto& family : families_) {
    for (const auto& one : family->entries) {
      if (one->counter != nullptr) show(family->name, one->labels, static_cast<double>(one->counter->value()));
      if (one->gauge != nullptr) show(family->name, one->labels, one->gauge->value());
    }
  }
}

}  // namespace sr
