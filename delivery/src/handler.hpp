#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <cairn/core/attempt.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/metrics.hpp>
#include <cairn/delivery/event_handler.hpp>
#include <cairn/dlq/dead_letter.hpp>

#include "handler_rows.hpp"

namespace cairn::delivery {

/// An event at which a handler failed, and what comes next.
struct Failing {
  enum class Next : std::uint8_t { retry, park, pause };

  GlobalPosition at{};
  Attempt attempt{};                      ///< the last one
  std::vector<LetterAttempt> attempts{};  ///< the first and the newest
  Next next = Next::retry;
  SteadyTime not_before{};

  [[nodiscard]] const Error& error() const { return *attempts.back().error; }
};

/// A handler as the runner knows it. Touched by the turn, and by whoever holds the turn's mutex.
struct Handler {
  std::uint64_t id = 0;
  std::string name;
  EventHandler function;
  HandlerOptions options;
  Counter& events;
  Counter& failures;
  Gauge& lag;

  HandlerRow row{};  ///< as it is stored
  /// Handled up to here. Ahead of the row when nothing between concerned it.
  GlobalPosition position{};
  /// So many of its next events, those up to `suspects_through`, may have been in work when the process ended.
  std::uint64_t suspects_left = 0;
  GlobalPosition suspects_through{};
  /// The attempt in the row is one that this process is to make.
  bool announced = false;
  std::optional<Failing> failing{};
  std::uint64_t handled = 0;
  std::uint64_t parked = 0;

  [[nodiscard]] bool is_careful() const noexcept { return failing.has_value() || suspects_left > 0; }
  /// What is to be stored when it is left in good order: an attempt that was announced is not made.
  [[nodiscard]] HandlerRow row_at_rest() const;
  /// The stream, unless the options say otherwise. Errors: handler_failed, invalid (no key can be that).
  [[nodiscard]] Result<std::string> key_of(const RecordedEvent& event) const;
  /// The event as a dead letter; one whose key cannot be told keeps the order of its stream.
  [[nodiscard]] NewDeadLetter letter_of(const RecordedEvent& event) const;
};

}  // namespace cairn::delivery
