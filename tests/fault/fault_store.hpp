#pragma once

#include <memory>

#include <cairn/core/id_source.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::test {

/// A store in memory, without threads, on a simulated clock, which a test may lose and open again; each step may
/// fail. Its limits are small, so that a short workload seals, flushes and checkpoints in all ways.
class FaultStore {
 public:
  explicit FaultStore(std::unique_ptr<MemoryVfs> disk = MemoryVfs::create({.track_durability = true}),
                      EventStoreOptions options = log_options());
  ~FaultStore();
  FaultStore(const FaultStore&) = delete;
  FaultStore& operator=(const FaultStore&) = delete;

  [[nodiscard]] static EventStoreOptions log_options();
  [[nodiscard]] static DatabaseOptions database_options();

  Result<void> open();
  /// In good order; closed whatever the outcome.
  Result<void> close();
  [[nodiscard]] bool is_open() const noexcept { return store_ != nullptr; }
  /// Loses the process and what it remembers; closed, on what was written, synced or not, without faults.
  void lose_process();
  /// Loses the power; closed, on what the disk kept, without faults.
  void lose_power(CrashDamage damage);

  [[nodiscard]] EventStore& store() noexcept { return *store_; }
  [[nodiscard]] Database& database() noexcept { return *database_; }
  [[nodiscard]] MemoryVfs& disk() noexcept { return *disk_; }
  [[nodiscard]] SimulatedClock& clock() noexcept { return clock_; }
  /// Whether the open store waits for recover().
  [[nodiscard]] bool fenced() const noexcept { return database_ != nullptr && database_->fenced(); }

 private:
  void change_disk(std::unique_ptr<MemoryVfs> disk);

  const EventStoreOptions options_;
  SimulatedClock clock_;
  SeededRandom random_{1};
  UuidV7Source ids_{clock_, random_};
  std::unique_ptr<MemoryVfs> disk_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventStore> store_;
};

}  // namespace cairn::test
