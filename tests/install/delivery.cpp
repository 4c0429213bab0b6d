// A program of somebody else's: everything it needs comes with cairn::delivery.
#include <cstdio>

#include <cairn/core/clock.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/delivery/runner.hpp>
#include <cairn/dlq/dead_letters.hpp>
#include <cairn/eventstore/event_store.hpp>

int main() {
  const auto memory = cairn::MemoryVfs::create();
  cairn::SystemClock clock;
  cairn::SeededRandom random{1};
  const auto database = cairn::Database::open({.file = "consumer.db", .memory = memory.get()}).value();
  const auto events = cairn::EventStore::open(*database).value();
  const auto letters = cairn::DeadLetters::open(*database, {.clock = clock, .random = random}).value();
  const auto runner =
      cairn::Runner::open({.events = *events, .letters = *letters, .clock = clock, .random = random}).value();
  int handled = 0;
  const auto count = [&handled](cairn::Unit&, const cairn::RecordedEvent&) -> cairn::Result<void> {
    ++handled;
    return {};
  };
  runner->add("counts", count).value();
  const cairn::StreamId stream{"account-42"};
  (void)events
      ->append(stream, cairn::ExpectedRevision::any(), events->new_event("account.opened", cairn::as_bytes("{}")))
      .value();
  while (runner->run_once().value()) {
  }
  std::printf("handled %d\n", handled);
  return handled == 1 ? 0 : 1;
}
