#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace cairn {

/// A number that only grows: events appended, units refused. Thread-safe.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(std::uint64_t n = 1) noexcept = 0;
};

/// A number that is now: queue length, lag. Thread-safe.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) noexcept = 0;
};

/// The distribution of a measured number: durations in seconds, sizes in bytes. Thread-safe.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void record(double value) noexcept = 0;
};

/// Tells one series of a metric from another: {"projection", "balances"}. Few values only; never an id.
struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

/// Where the library's numbers go; implement it over the metrics client a service already has.
/// Names follow Prometheus: snake_case, unit last, "_total" for counters ("cairn_commit_duration_seconds").
/// The same name and labels (in any order) give the same instrument, which lives as long as the Metrics: look
/// it up once and keep the reference. Thread-safe.
class Metrics {
 public:
  virtual ~Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  [[nodiscard]] Counter& counter(std::string_view name, std::initializer_list<MetricLabel> labels = {}) {
    return find_counter(name, labels);
  }
  [[nodiscard]] Gauge& gauge(std::string_view name, std::initializer_list<MetricLabel> labels = {}) {
    return find_gauge(name, labels);
  }
  [[nodiscard]] Histogram& histogram(std::string_view name, std::initializer_list<MetricLabel> labels = {}) {
    return find_histogram(name, labels);
  }

 protected:
  Metrics() = default;

 private:
  virtual Counter& find_counter(std::string_view name, std::span<const MetricLabel> labels) = 0;
  virtual Gauge& find_gauge(std::string_view name, std::span<const MetricLabel> labels) = 0;
  virtual Histogram& find_histogram(std::string_view name, std::span<const MetricLabel> labels) = 0;
};

/// Metrics that measure nothing, at the cost of a virtual call. Stateless, lives for ever.
[[nodiscard]] Metrics& null_metrics() noexcept;

}  // namespace cairn
