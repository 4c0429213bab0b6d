#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <cairn/eventstore/event_store.hpp>

#include "event_maker.hpp"

namespace cairn::bench {

struct ClientsRun {
  double events_per_second = 0;
  std::vector<double> latencies_us{};  ///< from the call to the outcome, of each event
};

/// `clients` threads append single events to uniformly chosen streams until there are `events`; each keeps
/// `outstanding` of them under way: 1 by append(), more by append_async().
[[nodiscard]] ClientsRun run_clients(EventStore& store, const StreamNames& names, std::vector<EventMaker>& makers,
                                     std::size_t outstanding, std::uint64_t events);

}  // namespace cairn::bench
