#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cairn/core/id_source.hpp>
#include <cairn/core/memory_metrics.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::test {

/// An event whose id, data and type follow from `number`, so that equal numbers make equal events.
[[nodiscard]] NewEvent make_event(std::uint64_t number, std::string_view type = "account.deposited",
                                  std::vector<std::string> tags = {});
/// Events `first` to `first + count - 1`.
[[nodiscard]] std::vector<NewEvent> make_events(std::uint64_t first, std::size_t count,
                                                std::string_view type = "account.deposited");
[[nodiscard]] Uuid event_id(std::uint64_t number);

/// A store in memory, without threads, on a simulated clock.
class MemoryStore {
 public:
  explicit MemoryStore(EventStoreOptions options = {}, std::unique_ptr<MemoryVfs> disk = MemoryVfs::create(),
                       DatabaseOptions database = {});

  EventStore* operator->() noexcept { return store_.get(); }
  EventStore& operator*() noexcept { return *store_; }
  [[nodiscard]] Database& database() noexcept { return *database_; }
  [[nodiscard]] MemoryVfs& disk() noexcept { return *disk_; }
  [[nodiscard]] SimulatedClock& clock() noexcept { return clock_; }
  [[nodiscard]] const MemoryMetrics& metrics() const noexcept { return metrics_; }

  /// Closes the store in good order and opens it again from its file.
  void reopen();
  /// Loses the process: what was written stays, memory is gone.
  void kill();
  /// Everything in the log, in order, the system's streams included.
  [[nodiscard]] std::vector<OwnedEvent> dump();
  /// Runs idle work until there is none.
  void settle();

 private:
  void open();

  EventStoreOptions options_;
  DatabaseOptions database_options_;
  SimulatedClock clock_;
  MemoryMetrics metrics_;
  SeededRandom random_{1};
  UuidV7Source ids_{clock_, random_};
  std::unique_ptr<MemoryVfs> disk_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventStore> store_;
};

}  // namespace cairn::test
