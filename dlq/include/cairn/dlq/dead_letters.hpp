#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/dlq/dead_letter.hpp>
#include <cairn/dlq/letter_filter.hpp>
#include <cairn/dlq/redrive.hpp>

namespace cairn {

class Clock;
class Database;
class Logger;
class Metrics;
class Random;
class SqlReader;
class Unit;

namespace letters {
struct LetterDesk;
}

struct DeadLetterOptions {
  /// How long prune() leaves letters that were resolved or dropped. Those that are open stay whatever their age.
  std::chrono::hours keep_closed{24 * 30};
  /// Time a slice of a redrive may take on the writer's thread before others get their turn, one attempt at least.
  std::chrono::microseconds slice_budget{2'000};
};

/// What the dead letters are handed; the clock and the randomness must outlive them. Null: no logging, no measuring.
struct DeadLetterParts {
  Clock& clock;
  Random& random;  ///< spreads automatic redrives; used on the writer's thread only
  Logger* logger = nullptr;
  Metrics* metrics = nullptr;
};

/// Where a letter is after parking.
struct Parked {
  LetterId id;
  bool repeated = false;  ///< the queue has had this item before
  friend bool operator==(const Parked&, const Parked&) = default;
};

/// The one home of what failed more often than its policy allows. Letters live in the store, so that one is parked in
/// the unit that gives an item up, and resolved in the unit that records its success: nothing is lost on the way in
/// or out, and nothing is there twice.
///
///     letters.set_handler("bookings", [&](Unit& unit, const DeadLetter& letter) { return book(unit, letter); });
///     letters.park(NewDeadLetter::of_input("bookings", "may.csv:117", line), error);
///     letters.count({.queue = "bookings", .error = Errc::invalid});              // what a redrive would try
///     auto report = letters.redrive({.queue = "bookings"}).value();  // report.resolved, .failed, .waiting
///
/// Letters of one queue and key keep their order (Axon's sequenced dead letters): a consumer asks park_behind() before
/// it handles an item, so that what comes after a failed one waits too, and a redrive tries the oldest open letter of
/// a key only.
///
/// Errors besides those named: those of Database::write and read. Where there is an overload with a Unit, it does the
/// same as part of that unit. Thread-safe. The database must outlive it.
class DeadLetters final {
 public:
  /// Creates or migrates the tables, and parks again what was being retried outside the store when the process ended.
  [[nodiscard]] static Result<std::unique_ptr<DeadLetters>> open(Database& database, DeadLetterParts parts,
                                                                 DeadLetterOptions options = {});
  ~DeadLetters();
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  /// Stores an item with the reason why it is given up. One that the queue has had before, in whatever state, is the
  /// same letter: parked (again), with these attempts added. Errors: invalid (a limit of NewDeadLetter; names it).
  Result<Parked> park(const NewDeadLetter& letter, const Error& why);
  Result<Parked> park(Unit& unit, const NewDeadLetter& letter, const Error& why);
  /// Parks an item that was not tried, if an older one of its queue and key is open; says nothing if it may be tried.
  Result<std::optional<Parked>> park_behind(Unit& unit, const NewDeadLetter& letter);
  /// Whether any letter of the queue is open, or any of a key of it (an empty key has none). While none is,
  /// park_behind() need not be asked.
  Result<bool> has_open(SqlReader& reader, std::string_view queue);
  Result<bool> has_open(SqlReader& reader, std::string_view queue, std::string_view key);

  /// A page of letters by id, without their contents. Errors: invalid (the filter or a bound; says which).
  [[nodiscard]] Result<LetterPage> list(const ListLetters& options = {}) const;
  /// Errors: not_found.
  [[nodiscard]] Result<DeadLetter> get(LetterId id) const;
  /// How many letters a filter lets through: with state parked, a redrive's dry run. Exact; with a text it reads them.
  [[nodiscard]] Result<std::uint64_t> count(const LetterFilter& filter = {}) const;
  /// What went wrong, the most open letters first; of all queues unless told.
  [[nodiscard]] Result<std::vector<LetterCause>> causes(const std::optional<std::string>& queue = {}) const;
  /// Each queue, by name.
  [[nodiscard]] Result<std::vector<QueueSummary>> queues() const;

  /// Replaces the payload, keeping the one it was parked with, and notes it. Errors: not_found, conflict (not parked),
  /// invalid (too large, no author).
  Result<void> edit(LetterId id, BytesView payload, std::string_view author);
  /// Errors: not_found, invalid (no author, no text, more than 16,384 bytes).
  Result<void> note(LetterId id, std::string_view author, std::string_view text);
  /// Gives letters up for good, with the reason as a note; those behind them may go on. By filter: all that are parked
  /// when it is called, in slices; memory grows with the number of their keys. Returns how many. Errors: not_found,
  /// conflict (not parked), invalid (no author, no reason).
  Result<void> drop(LetterId id, std::string_view author, std::string_view reason);
  Result<std::uint64_t> drop(const LetterFilter& filter, std::string_view author, std::string_view reason);
  /// Parks a letter again that was dropped or resolved. Errors: as drop(), conflict (it is open).
  Result<void> reopen(LetterId id, std::string_view author, std::string_view reason);
  /// Somebody who handled the item by other means says so, in the unit that did. Errors: not_found, conflict (not
  /// parked).
  Result<void> resolve(Unit& unit, LetterId id, std::string_view worker);

  /// Who tries the letters of `queue` again, and whether they are tried by themselves. Errors: already_exists (the
  /// queue has one), invalid (no name, no function).
  Result<void> set_handler(const std::string& queue, LetterHandler handler,
                           const std::optional<RedrivePolicy>& automatic = {});
  Result<void> set_outside_handler(const std::string& queue, OutsideLetterHandler handler,
                                   const std::optional<RedrivePolicy>& automatic = {});
  /// Waits for attempts under way: not to be called from a handler.
  void remove_handler(std::string_view queue);

  /// Tries one letter now. Its error, if it fails, is the attempt's: it stays parked. Errors besides: not_found (no
  /// letter, or no handler for its queue), conflict (not parked; or an older one of its key is open: number "behind").
  Result<void> redrive(LetterId id, std::string_view worker);
  /// Tries every letter that is parked now and that the filter lets through (its state is not looked at), oldest first,
  /// in slices that leave the writer to others; memory does not grow with their number. The run is stored: what a crash
  /// or a stop leaves undone resume_redrive() goes on with, and no letter is tried twice in a run, but for one whose
  /// attempt outside the store a crash interrupted. Errors: not_found (a queue without handler; names it), invalid (the
  /// filter; a pace that is too low or has no timers), conflict (another caller has the run), cancelled (stopped).
  Result<RedriveProgress> redrive(const LetterFilter& filter, const RedriveOptions& options = {});
  Result<RedriveProgress> resume_redrive(std::uint64_t run, const RedriveOptions& options = {});
  /// Ends a stored run where it is. Errors: not_found, conflict (it has ended).
  Result<void> cancel_redrive(std::uint64_t run);
  /// Stored runs, the newest first; those that have not ended can be resumed.
  [[nodiscard]] Result<std::vector<RedriveRecord>> redrives(std::size_t runs_max = 100) const;

  /// Tries what its queue's policy says is due, at most `letters_max`; see AutomaticRedrive. The run is not stored.
  Result<RedriveProgress> redrive_due(std::size_t letters_max, std::stop_token stop = {});
  /// When the next letter is due.
  [[nodiscard]] Result<std::optional<Timestamp>> next_due() const;
  /// Calls `changed`, on the writer's thread, after a commit that gave a letter a time. Null: nobody.
  void on_due_changed(std::function<void()> changed);

  /// Deletes letters that have been closed for longer than `keep_closed`, and ended runs, in slices. Returns how many
  /// letters. Errors: cancelled (stopped).
  Result<std::uint64_t> prune(std::stop_token stop = {});

  /// A letter as another store had it, under a new id; for imports. One whose item the queue has is left as it is.
  /// An attempt under way counts as parked. Errors: invalid (a limit).
  Result<Parked> restore(Unit& unit, const DeadLetter& letter);
  /// Deletes all letters of a queue, whatever their state, in slices: for a consumer that starts from the beginning.
  /// Returns how many. Errors: conflict (one is being retried outside the store).
  Result<std::uint64_t> clear(std::string_view queue);

  [[nodiscard]] Database& database() const noexcept;

 private:
  explicit DeadLetters(std::unique_ptr<letters::LetterDesk> impl) noexcept;
  std::unique_ptr<letters::LetterDesk> impl_;
};

}  // namespace cairn
