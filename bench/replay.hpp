#pragma once

#include <cstdint>

#include <cairn/eventstore/event_store.hpp>

#include "touch.hpp"

namespace cairn::bench {

/// Reads everything `reader` has, touches every byte of data and metadata, and gives the number of events.
inline std::uint64_t replay(Reader reader) {
  std::uint64_t events = 0;
  std::uint64_t sum = 0;
  reader
      .for_each([&](const RecordedEvent& event) {
        ++events;
        sum += touch(event.data) + touch(event.metadata.encoded()) + event.position.value + event.revision.value +
               event.type.size() + event.stream.size();
      })
      .value();
  keep(sum);
  return events;
}

}  // namespace cairn::bench
