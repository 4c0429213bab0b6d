#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/sql_reader.hpp>
#include <cairn/core/sql/unit.hpp>
#include <cairn/dlq/dead_letter.hpp>

namespace cairn::letters {

/// What a change of a letter starts from.
struct LetterHead {
  LetterId id{};
  std::uint32_t queue = 0;
  std::string queue_name;
  std::string key;
  std::uint64_t cause = 0;
  LetterState state = LetterState::parked;
  std::uint32_t attempts = 0;

  [[nodiscard]] bool is_open() const noexcept { return state == LetterState::parked || state == LetterState::retrying; }
};

/// Causes a queue has before new ones are counted under their class alone.
inline constexpr std::uint32_t causes_of_queue_max = 200;
/// Attempts that are kept of a letter: the first, and the newest of the others.
inline constexpr std::uint32_t attempts_kept = 100;

[[nodiscard]] std::int64_t to_sql(Timestamp time) noexcept;
[[nodiscard]] Timestamp timestamp_from(std::int64_t micros) noexcept;
/// Errors: corrupt (no version of this library wrote that).
[[nodiscard]] Result<LetterState> state_from(std::int64_t stored);

[[nodiscard]] Result<std::optional<std::uint32_t>> find_queue(SqlReader& reader, std::string_view name);
[[nodiscard]] Result<std::uint32_t> queue_number(Unit& unit, std::string_view name);
/// The cause of `why` in that queue; nothing: it waits behind another letter.
[[nodiscard]] Result<std::uint64_t> cause_number(Unit& unit, std::uint32_t queue, const std::optional<Error>& why);

/// Errors: not_found.
[[nodiscard]] Result<LetterHead> read_head(SqlReader& reader, LetterId id);
[[nodiscard]] Result<std::optional<LetterHead>> find_item(SqlReader& reader, std::uint32_t queue, const Uuid& item);
/// The oldest open letter of a key that comes before `before`, or of all without it.
[[nodiscard]] Result<std::optional<LetterId>> oldest_open(SqlReader& reader, std::uint32_t queue, std::string_view key,
                                                          std::optional<LetterId> before = {});
/// Errors: not_found, corrupt.
[[nodiscard]] Result<LetterSummary> read_summary(SqlReader& reader, LetterId id);
[[nodiscard]] Result<DeadLetter> read_letter(SqlReader& reader, LetterId id);

/// What a letter becomes.
struct LetterChange {
  LetterState state = LetterState::parked;
  std::optional<Error> error{};  ///< of a new failed attempt; nothing: the letter keeps what it has
  std::optional<Timestamp> due_at{};
  Timestamp now{};
};
/// Writes the change, and counts it with the causes. `head` follows.
Result<void> change(Unit& unit, LetterHead& head, const LetterChange& change);

/// What insert() stores beside the item. `error` is why; nothing: it waits behind another letter.
struct LetterPlace {
  LetterState state = LetterState::parked;
  std::optional<Error> error{};
  std::optional<Timestamp> due_at{};
  Timestamp parked_at{};
  Timestamp changed_at{};
};
/// Inserts a letter with its contents and attempts.
Result<LetterHead> insert(Unit& unit, const NewDeadLetter& letter, const LetterPlace& place);
/// Adds an attempt that has ended. `head.attempts` follows, and change() stores it.
Result<void> add_attempt(Unit& unit, LetterHead& head, const LetterAttempt& attempt);
/// Adds one that is under way: change() and end_attempt() follow.
Result<void> begin_attempt(Unit& unit, LetterHead& head, Timestamp started_at, std::string_view worker);
/// Ends the attempt that is under way.
Result<void> end_attempt(Unit& unit, LetterId id, std::uint32_t number, std::chrono::microseconds took,
                         const std::optional<Error>& error);
/// The number of the attempt that has not ended, if there is one.
[[nodiscard]] Result<std::optional<std::uint32_t>> attempt_under_way(SqlReader& reader, LetterId id);
Result<void> add_note(Unit& unit, LetterId id, const LetterNote& note);
/// Deletes a letter and all that belongs to it.
Result<void> remove(Unit& unit, const LetterHead& head);

}  // namespace cairn::letters
