#pragma once

#include <string_view>

#include <cairn/core/metrics.hpp>

namespace cairn::log {

/// The numbers of the subscriptions that share a name. README.md says what they mean.
struct SubscriptionMetrics {
  SubscriptionMetrics(Metrics& metrics, std::string_view name)
      : batches{metrics.counter("cairn_subscription_batches_total", {{"subscription", name}})},
        events{metrics.counter("cairn_subscription_events_total", {{"subscription", name}})},
        file_reads{metrics.counter("cairn_subscription_file_reads_total", {{"subscription", name}})},
        lag_events{metrics.histogram("cairn_subscription_lag_events", {{"subscription", name}})} {}

  Counter& batches;
  Counter& events;
  Counter& file_reads;
  Histogram& lag_events;
};

}  // namespace cairn::log
