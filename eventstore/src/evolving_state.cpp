#include <cairn/eventstore/evolving_state.hpp>

#include <fmt/format.h>

namespace cairn::detail {

Error no_evolve_for(const RecordedEvent& event) {
  return Error{Errc::unknown_schema,
               fmt::format("evolve {} revision {}: the state knows no event {}; add it to State::Event, or set "
                           "ignores_other_events",
                           event.stream, event.revision.value, event.type)};
}

std::string evolve_call(const RecordedEvent& event) {
  return fmt::format("evolve {} revision {}", event.stream, event.revision.value);
}

}  // namespace cairn::detail
