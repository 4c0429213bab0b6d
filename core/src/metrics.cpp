#include <cairn/core/metrics.hpp>

namespace cairn {
namespace {

class NullCounter final : public Counter {
 public:
  void add(std::uint64_t) noexcept override {}
};
class NullGauge final : public Gauge {
 public:
  void set(double) noexcept override {}
};
class NullHistogram final : public Histogram {
 public:
  void record(double) noexcept override {}
};

class NullMetrics final : public Metrics {
 private:
  Counter& find_counter(std::string_view, std::span<const MetricLabel>) override { return counter_; }
  Gauge& find_gauge(std::string_view, std::span<const MetricLabel>) override { return gauge_; }
  Histogram& find_histogram(std::string_view, std::span<const MetricLabel>) override { return histogram_; }

  NullCounter counter_;
  NullGauge gauge_;
  NullHistogram histogram_;
};

}  // namespace

Metrics& null_metrics() noexcept {
  static NullMetrics metrics;
  return metrics;
}

}  // namespace cairn
