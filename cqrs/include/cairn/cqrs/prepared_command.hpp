#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <cairn/core/rejection.hpp>
#include <cairn/core/result.hpp>
#include <cairn/cqrs/command_options.hpp>
#include <cairn/cqrs/decided_events.hpp>
#include <cairn/cqrs/decider.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/expected_revision.hpp>
#include <cairn/eventstore/load.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn::detail {

/// What a command came to on one state of its stream, ready to be written.
template <class State>
struct PreparedCommand {
  std::optional<Revision> decided_on;
  ExpectedRevision expected;
  std::vector<NewEvent> events{};
  std::optional<Rejection> rejection{};
  std::shared_ptr<Loaded<State>> next{};  ///< the state with the events in it; nullptr without any
};

/// Decides. Errors: handler_failed (decide, evolve or tags threw), those of the codecs.
template <class State, class Command>
[[nodiscard]] Result<PreparedCommand<State>> prepare_command(const EventStore& store, const StreamId& stream,
                                                             const Loaded<State>& state, const Command& command,
                                                             const CommandOptions& options) {
  auto decision = decide(state.state, command);
  if (!decision) return failed(stream.text(), decision.error());
  PreparedCommand<State> made{.decided_on = state.revision, .expected = state.expected()};
  if (const Rejection* no = decision->rejection()) made.rejection = *no;
  if (decision->events().empty()) return made;
  made.next = std::make_shared<Loaded<State>>(state);
  made.events.reserve(decision->events().size());
  for (const auto& event : decision->events()) {
    // Before it is stored: an event that evolve refuses would make the stream unreadable.
    if (auto done = evolve(made.next->state, event); !done) return failed(stream.text(), done.error());
    auto encoded = encode_without_id(event);
    if (!encoded) return failed(stream.text(), encoded.error());
    complete(*encoded, store, options, stream.text(), made.events.size());
    made.next->bytes += encoded->data.size();
    made.events.push_back(*std::move(encoded));
  }
  made.next->events += made.events.size();
  return made;
}

}  // namespace cairn::detail
