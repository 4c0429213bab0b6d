#pragma once

#include <filesystem>
#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_options.hpp>
#include <cairn/delivery/runner.hpp>
#include <cairn/dlq/dead_letters.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/event_store_options.hpp>

namespace cairn {

class Clock;
class Database;
class Executor;
class IdSource;
class Logger;
class Metrics;
class Timers;

/// Everything a service needs to say to get a store: `Cairn::open({.file = "bank.db"})`.
struct CairnOptions {
  std::filesystem::path file;
  Durability durability = Durability::full;
  /// Keep the store in memory instead of in `file`'s directory; the file name then only names it.
  MemoryVfs* memory = nullptr;
  /// The rest of the database's settings; its file, durability and memory are those above.
  DatabaseOptions database{};
  EventStoreOptions events{};
  DeadLetterOptions dead_letters{};
  RunnerOptions runner{};
};

/// What a store is handed instead of the system's own; a null pointer means the default named beside it. They must
/// outlive the store.
struct CairnParts {
  Clock* clock = nullptr;      ///< SystemClock
  IdSource* ids = nullptr;     ///< UuidV7Source, seeded by OpenSSL
  Logger* logger = nullptr;    ///< null_logger()
  Metrics* metrics = nullptr;  ///< the one that measures nothing
  /// What start() runs on: both, or neither, for a pool of threads and timers of its own.
  Executor* executor = nullptr;
  Timers* timers = nullptr;
};

/// The one door: opens (or creates), migrates and recovers a store, and owns its parts.
///
///     auto cairn = Cairn::open({.file = "bank.db"}).value();
///     cairn->runner().add("balances", add_to_balances).value();
///     cairn->start().value();
///
/// Thread-safe. References it hands out are good until it is destroyed.
class Cairn final {
 public:
  /// Errors: those of Database::open (nothing is created or changed then), EventStore::open, DeadLetters::open and
  /// Runner::open; and invalid (an executor without timers, or the reverse).
  [[nodiscard]] static Result<std::unique_ptr<Cairn>> open(CairnOptions options, CairnParts parts = {});
  /// Closes; an error that close() would have returned goes to the logger.
  ~Cairn();
  Cairn(const Cairn&) = delete;
  Cairn& operator=(const Cairn&) = delete;

  [[nodiscard]] EventStore& events() noexcept;
  [[nodiscard]] DeadLetters& dead_letters() noexcept;
  /// Hands the log's events to handlers, once start() was called.
  [[nodiscard]] Runner& runner() noexcept;
  [[nodiscard]] Database& database() noexcept;

  /// Begins what goes on by itself: handlers of the log are given their events, and dead letters whose queues have a
  /// policy are tried again. Call it once. One thread starts and closes. Errors: those of Runner::start (invalid: it
  /// was called before), and unavailable (no thread left to give).
  Result<void> start();
  /// Ends what start() began, after the step under way; refuses new work, lets what is queued finish, moves the
  /// write-ahead log into the file and releases the lock. Idempotent. Readers and references must not be used
  /// afterwards.
  Result<void> close();

 private:
  struct Impl;
  explicit Cairn(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
