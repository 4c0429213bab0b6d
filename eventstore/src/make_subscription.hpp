#pragma once

#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/subscription.hpp>

#include "follower.hpp"
#include "subscription_metrics.hpp"

namespace cairn::log {

/// Errors: cancelled (the database is closed).
[[nodiscard]] Result<Subscription> make_subscription(const SqliteLog& log, const SubscriptionMetrics& metrics,
                                                     std::unique_ptr<Follower> follower);

}  // namespace cairn::log
