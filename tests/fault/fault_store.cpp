#include "fault/fault_store.hpp"

#include <utility>

namespace cairn::test {

FaultStore::FaultStore(std::unique_ptr<MemoryVfs> disk, EventStoreOptions options)
    : options_{std::move(options)}, disk_{std::move(disk)} {}

FaultStore::~FaultStore() = default;

EventStoreOptions FaultStore::log_options() {
  return {.stream_cache_entries = 3, .pending_events_max = 60, .pending_events_min = 10};
}

DatabaseOptions FaultStore::database_options() {
  return {.file = "store.db",
          .writer = WriterMode::stepped,
          .readers = 2,
          .writer_cache_bytes = 1,  // the least there is: a large batch spills pages before its COMMIT
          .reader_cache_bytes = 1,
          .checkpoint_pages = 24,
          .wal_bytes_max = std::size_t{60} * 8192};
}

Result<void> FaultStore::open() {
  DatabaseOptions options = database_options();
  options.memory = disk_.get();
  auto database = Database::open(options, {.clock = &clock_});
  if (!database) return std::move(database).error();
  auto store = EventStore::open(**database, options_, {.clock = &clock_, .ids = &ids_});
  if (!store) return std::move(store).error();
  database_ = *std::move(database);
  store_ = *std::move(store);
  return {};
}

Result<void> FaultStore::close() {
  store_.reset();
  auto outcome = database_ ? database_->close() : Result<void>{};
  database_.reset();
  return outcome;
}

void FaultStore::lose_process() { change_disk(disk_->clone()); }

void FaultStore::lose_power(CrashDamage damage) { change_disk(disk_->crash(damage)); }

// What was open writes to the disk it was opened on, which nobody looks at any more.
void FaultStore::change_disk(std::unique_ptr<MemoryVfs> disk) {
  store_.reset();
  database_.reset();
  disk_ = std::move(disk);
}

}  // namespace cairn::test
