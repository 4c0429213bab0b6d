#pragma once

#include <cstddef>
#include <string>

#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/start_point.hpp>

namespace cairn {

/// Which events of the log to follow, and from where.
struct SubscribeAll {
  StartPosition from = StartPosition::beginning();
  EventFilter filter{};
  /// Bytes of one batch, about: what a subscription holds while its consumer works.
  std::size_t batch_bytes = 512U << 10U;
  /// The label "subscription" of its metrics: few values only, never an id. Those of one name are counted together.
  std::string name{};
};

struct SubscribeStream {
  StartRevision from = StartRevision::beginning();
  std::size_t batch_bytes = 512U << 10U;
  std::string name{};
};

}  // namespace cairn
