#include <cairn/core/memory_metrics.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cairn {
namespace {

class MemoryCounter final : public Counter {
 public:
  void add(std::uint64_t n) noexcept override { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class MemoryGauge final : public Gauge {
 public:
  void set(double value) noexcept override { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class MemoryHistogram final : public Histogram {
 public:
  void record(double value) noexcept override {
    const std::lock_guard lock{mutex_};
    summary_.min = summary_.count == 0 ? value : std::min(summary_.min, value);
    summary_.max = summary_.count == 0 ? value : std::max(summary_.max, value);
    summary_.sum += value;
    ++summary_.count;
  }
  [[nodiscard]] HistogramSummary summary() const {
    const std::lock_guard lock{mutex_};
    return summary_;
  }

 private:
  mutable std::mutex mutex_;
  HistogramSummary summary_;
};

struct Key {
  Key(std::string_view metric, std::span<const MetricLabel> given) : name{metric} {
    labels.reserve(given.size());
    for (const MetricLabel& label : given) labels.emplace_back(label.name, label.value);
    std::ranges::sort(labels);
  }
  auto operator<=>(const Key&) const = default;

  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
};

// Nodes of a std::map stay where they are, so the references handed out stay good.
template <class Instrument>
class Instruments {
 public:
  Instrument& find(std::string_view name, std::span<const MetricLabel> labels) {
    const std::lock_guard lock{mutex_};
    return instruments_[Key{name, labels}];
  }
  [[nodiscard]] const Instrument* look_up(std::string_view name, std::span<const MetricLabel> labels) const {
    const std::lock_guard lock{mutex_};
    const auto found = instruments_.find(Key{name, labels});
    return found == instruments_.end() ? nullptr : &found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Key, Instrument> instruments_;
};

}  // namespace

struct MemoryMetrics::Series {
  Instruments<MemoryCounter> counters;
  Instruments<MemoryGauge> gauges;
  Instruments<MemoryHistogram> histograms;
};

MemoryMetrics::MemoryMetrics() : series_{std::make_unique<Series>()} {}
MemoryMetrics::~MemoryMetrics() = default;

Counter& MemoryMetrics::find_counter(std::string_view name, std::span<const MetricLabel> labels) {
  return series_->counters.find(name, labels);
}
Gauge& MemoryMetrics::find_gauge(std::string_view name, std::span<const MetricLabel> labels) {
  return series_->gauges.find(name, labels);
}
Histogram& MemoryMetrics::find_histogram(std::string_view name, std::span<const MetricLabel> labels) {
  return series_->histograms.find(name, labels);
}

std::uint64_t MemoryMetrics::counted(std::string_view name, std::initializer_list<MetricLabel> labels) const {
  const MemoryCounter* counter = series_->counters.look_up(name, labels);
  return counter == nullptr ? 0 : counter->value();
}
double MemoryMetrics::gauged(std::string_view name, std::initializer_list<MetricLabel> labels) const {
  const MemoryGauge* gauge = series_->gauges.look_up(name, labels);
  return gauge == nullptr ? 0 : gauge->value();
}
HistogramSummary MemoryMetrics::recorded(std::string_view name, std::initializer_list<MetricLabel> labels) const {
  const MemoryHistogram* histogram = series_->histograms.look_up(name, labels);
  return histogram == nullptr ? HistogramSummary{} : histogram->summary();
}

}  // namespace cairn
