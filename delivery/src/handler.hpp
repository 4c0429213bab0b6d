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
  /// The last attempt in the row is one that this process makes.
  bool announced = false;
  /// The function that tells the key of the event in the row was asked by this process, and answered.
  bool key_came_back = false;
  /// A commit was refused, which does not say for which event: up to here they are taken one at a time.
  GlobalPosition one_by_one_through{};
  std::optional<Failing> failing{};
  std::uint64_t handled = 0;
  std::uint64_t parked = 0;

  [[nodiscard]] bool is_one_by_one() const noexcept { return one_by_one_through > position; }
  [[nodiscard]] bool is_careful() const noexcept { return failing.has_value() || suspects_left > 0 || is_one_by_one(); }
  /// How often the process may have ended in the middle of the event.
  [[nodiscard]] std::uint32_t ends_at(GlobalPosition event) const noexcept {
    if (row.attempt_position != event) return 0;
    return row.attempts - (announced ? 1U : 0U);
  }
  /// Takes over what was found stored, which may be further than what is remembered: a commit of which nothing was
  /// heard.
  void adopt(const HandlerRow& stored);
  /// What is to be stored while it runs, unless it is paused; and when it is left in good order, with nothing under
  /// way.
  [[nodiscard]] HandlerRow row_at_work(std::uint64_t step_events_max) const;
  [[nodiscard]] HandlerRow row_at_rest() const;
  /// The stream, unless the options say otherwise. Errors: handler_failed, invalid (no key can be that).
  [[nodiscard]] Result<std::string> key_of(const RecordedEvent& event) const;
  /// The event as a dead letter; one whose key cannot be told keeps the order of its stream.
  [[nodiscard]] NewDeadLetter letter_of(const RecordedEvent& event) const;
};

}  // namespace cairn::delivery
