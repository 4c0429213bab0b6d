#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/metrics.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/dlq/dead_letters.hpp>

#include "letter_commits.hpp"
#include "letter_tables.hpp"

namespace cairn::letters {

/// Who tries the letters of one queue again: one of the two.
struct QueueHandler {
  LetterHandler in_unit;
  OutsideLetterHandler outside;
  std::optional<RedrivePolicy> automatic;
  /// Held, shared, while an attempt runs.
  std::shared_mutex running;
  bool removed = false;  ///< under `running`: whoever still has it must not call it
};

/// What is behind DeadLetters.
struct LetterDesk {
  using What = LetterCommits::What;
  using Head = LetterHead;

  LetterDesk(Database& in, const DeadLetterParts& parts, const DeadLetterOptions& with)
      : database{in},
        clock{parts.clock},
        random{parts.random},
        logger{parts.logger != nullptr ? *parts.logger : null_logger()},
        options{with},
        commits{parts.metrics != nullptr ? *parts.metrics : null_metrics(), logger} {}

  // dead_letters.cpp
  Result<Parked> park(Unit& unit, const NewDeadLetter& letter, const Error& why);
  Result<Parked> park_again(Unit& unit, Head head, std::span<const LetterAttempt> attempts, const Error& why);
  Result<void> close_one(Unit& unit, Head& head, LetterState state, const LetterNote& why);
  Result<void> park_interrupted();

  // letter_handlers.cpp
  Result<void> add_handler(const std::string& queue, const std::shared_ptr<QueueHandler>& handler);
  [[nodiscard]] std::shared_ptr<QueueHandler> handler_of(std::string_view queue) const;
  /// When the policy of a queue tries a letter again that has failed so often.
  std::optional<Timestamp> due_after(std::string_view queue, std::uint32_t attempts, const Error& error);
  /// Lets the policy try the next letter of a key whose oldest one was closed.
  Result<void> wake_next(Unit& unit, const Head& closed);
  /// Queues whose letters are tried by themselves.
  [[nodiscard]] std::vector<std::string> automatic_queues() const;

  // letter_attempt.cpp
  /// Why it may not be tried now; nothing when it may.
  Result<std::optional<Error>> obstacle(Unit& unit, const Head& head);
  /// Tries it in the unit and records how it went. The error of the attempt, or of the unit.
  Result<std::optional<Error>> try_in_unit(Unit& unit, Head& head, QueueHandler& handler, std::string_view worker);
  struct Claim {
    DeadLetter letter;
    std::uint32_t attempt = 0;  ///< its number
  };
  Result<Claim> claim(Unit& unit, Head& head, std::string_view worker);
  /// Calls an outside handler for a claimed letter.
  struct Ended {
    std::chrono::microseconds took{};
    std::optional<Error> error{};
  };
  Ended call_outside(QueueHandler& handler, const DeadLetter& letter);
  /// Records how a claimed attempt ended. One that is not open any more is left as it is.
  Result<void> settle_claim(Unit& unit, LetterId id, std::uint32_t attempt, const Ended& ended);
  /// For a claim whose write failed: if it may be stored all the same, it is to be given back.
  void forget_claim(const std::optional<Claim>& claim, const Error& error);
  /// Keeps what a failed write could not record, for settle_leftovers().
  void keep_unsettled(LetterId id, std::uint32_t attempt, const Ended& ended);
  /// Records what could not be recorded before; first in all that redrives.
  Result<void> settle_leftovers();

  Database& database;
  Clock& clock;
  Random& random;
  Logger& logger;
  const DeadLetterOptions options;
  LetterCommits commits;

  mutable std::mutex handlers_mutex;
  std::map<std::string, std::shared_ptr<QueueHandler>, std::less<>> handlers;
  struct Unsettled {
    LetterId id;
    std::uint32_t attempt = 0;
    Ended ended;
  };
  std::mutex unsettled_mutex;
  std::vector<Unsettled> unsettled;
  /// Whose turn it was last among the queues that are tried by themselves.
  std::mutex turn_mutex;
  std::string last_turn;
  std::mutex runs_mutex;
  std::set<std::uint64_t> runs_under_way;
};

}  // namespace cairn::letters
