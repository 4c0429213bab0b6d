#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/cqrs/decided_events.hpp>
#include <cairn/cqrs/decision.hpp>
#include <cairn/eventstore/new_event.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

/// An event and the stream it goes to: `to(account, Withdrawn{500})`.
struct AddressedEvent {
  StreamId stream;
  Result<NewEvent> event;  ///< encoded, without an id; or why it could not be
};

template <Encodable T>
[[nodiscard]] AddressedEvent to(StreamId stream, const T& event) {
  return {std::move(stream), detail::encode_without_id(event)};
}

/// What a decision over several streams comes to: events for some of them, nothing, or a rejection.
///
///     return {to(from, Withdrawn{500}), to(into, Deposited{500})};
class [[nodiscard]] DecisionOver {
 public:
  /// Nothing happened.
  DecisionOver() = default;
  DecisionOver(NothingHappened) {}
  DecisionOver(Rejection rejection) : rejection_{std::move(rejection)} {}
  DecisionOver(AddressedEvent event) { events_.push_back(std::move(event)); }
  DecisionOver(std::initializer_list<AddressedEvent> events) : events_{events} {}
  DecisionOver(std::vector<AddressedEvent> events) : events_{std::move(events)} {}

  [[nodiscard]] std::span<const AddressedEvent> events() const noexcept { return events_; }
  [[nodiscard]] const Rejection* rejection() const noexcept { return rejection_ ? &*rejection_ : nullptr; }

 private:
  std::vector<AddressedEvent> events_;
  std::optional<Rejection> rejection_;
};

}  // namespace cairn
