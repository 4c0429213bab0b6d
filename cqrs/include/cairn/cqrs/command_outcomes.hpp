#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/rejection.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/cqrs/handled.hpp>

namespace cairn {

class Database;
class SqlReader;
class Unit;

/// What became of a command with an id.
struct CommandOutcome {
  Handled handled{};
  std::optional<Rejection> rejection{};  ///< what the domain said; `handled` has then no events
  friend bool operator==(const CommandOutcome&, const CommandOutcome&) = default;
};

struct CommandOutcomesOptions {
  /// How long, by the time in its id, a command may be repeated. Whoever sends a command again, a client after a lost
  /// answer or a queue after its redelivery, does so within this.
  std::chrono::milliseconds command_id_ttl = std::chrono::hours{24 * 7};
};

/// Remembers commands by their ids, so that one that is sent twice is done once. An outcome is written in the unit that
/// appends the command's events: there is an outcome exactly when there are events. Rejections, and commands after
/// which nothing happened, are remembered as well, because their repeat may find another state.
///
/// Ids are UUIDv7. One that is older than `command_id_ttl` is refused, and only such are removed: in small slices that
/// ride along with later commands, or by prune(). So an id is never taken for a new one because it was forgotten, also
/// when the clock is set back or the ttl raised later.
///
/// Thread-safe. The database must outlive it; its tables belong to whoever opens this first, and several may be open.
class CommandOutcomes final {
 public:
  /// Creates or migrates its tables. `clock`: SystemClock unless given. Errors: those of Database::migrate.
  [[nodiscard]] static Result<std::unique_ptr<CommandOutcomes>> open(Database& database,
                                                                     const CommandOutcomesOptions& options = {},
                                                                     const Clock* clock = nullptr);

  /// Whether a command with this id may be done now, or repeated. Errors: invalid (no UUIDv7, or too old: number
  /// "age_ms").
  [[nodiscard]] Result<void> admit(const Uuid& command_id) const;
  /// What became of the command, if it was done; `repeated` is then set. Errors: invalid (another command has this id,
  /// or it is older than what was removed), and those of a query.
  [[nodiscard]] Result<std::optional<CommandOutcome>> find(SqlReader& reader, const Uuid& command_id,
                                                           const Uuid& fingerprint) const;
  [[nodiscard]] Result<std::optional<CommandOutcome>> find(const Uuid& command_id, const Uuid& fingerprint) const;
  /// Writes it down. Errors: already_exists, and those of a write.
  Result<void> record(Unit& unit, const Uuid& command_id, const Uuid& fingerprint, const CommandOutcome& outcome);

  /// Removes what is too old, in slices of background units; gives the number of commands. Not needed while commands
  /// come in.
  Result<std::uint64_t> prune();

  /// By what commands of one id are told apart: a hash of where it goes, its name and its bytes.
  [[nodiscard]] static Uuid fingerprint(std::string_view target, std::string_view type, BytesView data);

 private:
  CommandOutcomes(Database& database, const CommandOutcomesOptions& options, const Clock* clock);
  [[nodiscard]] Timestamp oldest() const;
  Result<std::uint64_t> prune(Unit& unit, std::uint64_t commands_max);

  Database& database_;
  const CommandOutcomesOptions options_;
  const SystemClock system_clock_;
  const Clock& clock_;
  std::atomic<std::uint64_t> recorded_{0};
};

}  // namespace cairn
