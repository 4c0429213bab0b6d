#include "support/memory_store.hpp"

#include <cstring>

namespace cairn::test {

Uuid event_id(std::uint64_t number) {
  std::array<std::byte, Uuid::size> bytes{};
  // Spread over the id as random ids are, so that tests do not live on lucky order.
  const std::uint64_t mixed = number * 0x9e3779b97f4a7c15U;
  std::memcpy(bytes.data(), &mixed, sizeof mixed);
  std::memcpy(bytes.data() + 8, &number, sizeof number);
  bytes[15] |= std::byte{1};
  return Uuid{bytes};
}

NewEvent make_event(std::uint64_t number, std::string_view type, std::vector<std::string> tags) {
  NewEvent event;
  event.id = event_id(number);
  event.type = type;
  event.data = to_bytes("{\"n\":" + std::to_string(number) + "}");
  event.metadata.tags = std::move(tags);
  return event;
}

std::vector<NewEvent> make_events(std::uint64_t first, std::size_t count, std::string_view type) {
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < count; ++i) events.push_back(make_event(first + i, type));
  return events;
}

MemoryStore::MemoryStore(EventStoreOptions options, std::unique_ptr<MemoryVfs> disk, DatabaseOptions database)
    : options_{std::move(options)}, database_options_{std::move(database)}, disk_{std::move(disk)} {
  database_options_.file = "store.db";
  database_options_.writer = WriterMode::stepped;
  open();
}

void MemoryStore::open() {
  database_options_.memory = disk_.get();
  database_ = Database::open(database_options_, {.clock = &clock_}).value();
  store_ = EventStore::open(*database_, options_, {.clock = &clock_, .ids = &ids_, .metrics = &metrics_}).value();
}

void MemoryStore::reopen() {
  store_.reset();
  database_->close().value();
  database_.reset();
  open();
}

void MemoryStore::kill() {
  auto left = disk_->clone();
  store_.reset();
  database_.reset();
  disk_ = std::move(left);
  open();
}

std::vector<OwnedEvent> MemoryStore::dump() { return store_->read_all({.filter = {.system = true}}).collect().value(); }

void MemoryStore::settle() {
  while (database_->step(1).value()) {
  }
}

}  // namespace cairn::test
