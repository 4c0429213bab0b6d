#pragma once

#include <filesystem>
#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_options.hpp>
#include <cairn/dlq/dead_letters.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/event_store_options.hpp>

namespace cairn {

class Clock;
class Database;
class IdSource;
class Logger;
class Metrics;

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
};

/// What a store is handed instead of the system's own; a null pointer means the default named beside it. They must
/// outlive the store.
struct CairnParts {
  Clock* clock = nullptr;      ///< SystemClock
  IdSource* ids = nullptr;     ///< UuidV7Source, seeded by OpenSSL
  Logger* logger = nullptr;    ///< null_logger()
  Metrics* metrics = nullptr;  ///< the one that measures nothing
};

/// The one door: opens (or creates), migrates and recovers a store, and owns its parts.
/// Thread-safe. References it hands out are good until it is destroyed.
class Cairn final {
 public:
  /// Errors: those of Database::open, EventStore::open and DeadLetters::open; nothing is created or changed then.
  [[nodiscard]] static Result<std::unique_ptr<Cairn>> open(CairnOptions options, CairnParts parts = {});
  /// Closes; an error that close() would have returned goes to the logger.
  ~Cairn();
  Cairn(const Cairn&) = delete;
  Cairn& operator=(const Cairn&) = delete;

  [[nodiscard]] EventStore& events() noexcept;
  [[nodiscard]] DeadLetters& dead_letters() noexcept;
  [[nodiscard]] Database& database() noexcept;

  /// Refuses new work, lets what is queued finish, moves the write-ahead log into the file and releases the lock.
  /// Idempotent. Readers and references must not be used afterwards.
  Result<void> close();

 private:
  struct Impl;
  explicit Cairn(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
