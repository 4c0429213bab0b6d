// A program of somebody else's: everything it needs comes with cairn::eventstore.
#include <cstdio>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

int main() {
  const auto memory = cairn::MemoryVfs::create();
  const auto database = cairn::Database::open({.file = "consumer.db", .memory = memory.get()}).value();
  const auto store = cairn::EventStore::open(*database).value();
  const cairn::StreamId account{"account-42"};
  const cairn::NewEvent opened = store->new_event("account.opened", cairn::as_bytes("{}"));
  const auto placed = store->append(account, cairn::ExpectedRevision::no_stream(), opened).value();
  const auto events = store->read_stream(account).collect().value();
  std::printf("%zu event\n", events.size());
  return events.size() == 1 && store->head() == placed.last_position ? 0 : 1;
}
