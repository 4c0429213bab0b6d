// A program of somebody else's: everything it needs comes with cairn::eventstore.
#include <cstdio>
#include <filesystem>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

int main() {
  cairn::MemoryVfs memory;
  const auto database = cairn::Database::open({.file = "consumer.db", .memory = &memory}).value();
  const auto store = cairn::EventStore::open(*database).value();
  const cairn::StreamId account{"account-42"};
  store->append(account, cairn::ExpectedRevision::no_stream(), store->new_event("account.opened", {})).value();
  const auto events = store->read_stream(account).collect().value();
  std::printf("%zu event\n", events.size());
  return events.size() == 1 ? 0 : 1;
}
