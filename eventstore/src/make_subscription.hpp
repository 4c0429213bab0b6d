#pragma once

#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/subscription.hpp>

#include "follower.hpp"

namespace cairn::log {

/// Errors: cancelled (the database is closed).
[[nodiscard]] Result<Subscription> make_subscription(const SqliteLog& log, std::unique_ptr<Follower> follower);

}  // namespace cairn::log
