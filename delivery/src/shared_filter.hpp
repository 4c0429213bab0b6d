#pragma once

#include <span>

#include <cairn/eventstore/read_options.hpp>

namespace cairn::delivery {

/// A filter that lets through whatever one of these does, and as little else as an EventFilter can say.
[[nodiscard]] EventFilter shared_filter(std::span<const EventFilter* const> filters);
[[nodiscard]] bool same(const EventFilter& a, const EventFilter& b);

}  // namespace cairn::delivery
