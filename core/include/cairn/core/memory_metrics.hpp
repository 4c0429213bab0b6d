#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include <cairn/core/metrics.hpp>

namespace cairn {

/// What a histogram saw. `min` and `max` are 0 while `count` is.
struct HistogramSummary {
  std::uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
};

/// Metrics kept in this process, for tests and for a service without a metrics client. Keeps a summary of each
/// histogram, not its samples, so memory grows with the number of series only. Thread-safe.
class MemoryMetrics final : public Metrics {
 public:
  MemoryMetrics();
  ~MemoryMetrics() override;

  /// The present value; 0 (an empty summary) for a series nobody has asked for.
  [[nodiscard]] std::uint64_t counted(std::string_view name, std::initializer_list<MetricLabel> labels = {}) const;
  [[nodiscard]] double gauged(std::string_view name, std::initializer_list<MetricLabel> labels = {}) const;
  [[nodiscard]] HistogramSummary recorded(std::string_view name, std::initializer_list<MetricLabel> labels = {}) const;

 private:
  struct Series;

  Counter& find_counter(std::string_view name, std::span<const MetricLabel> labels) override;
  Gauge& find_gauge(std::string_view name, std::span<const MetricLabel> labels) override;
  Histogram& find_histogram(std::string_view name, std::span<const MetricLabel> labels) override;

  std::unique_ptr<Series> series_;
};

}  // namespace cairn
