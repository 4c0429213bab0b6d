// A program of somebody else's with coroutines: cairn::eventstore_asio brings the event store and Boost's headers.
#include <cstdio>
#include <exception>

#include <boost/asio/io_context.hpp>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/asio_subscription.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace asio = boost::asio;

asio::awaitable<std::size_t> first_batch(cairn::AsioSubscription subscription) {
  const auto batch = co_await subscription.next();
  co_return batch.value().events.size();
}

int main() {
  const auto memory = cairn::MemoryVfs::create();
  const auto database = cairn::Database::open({.file = "consumer.db", .memory = memory.get()}).value();
  const auto store = cairn::EventStore::open(*database).value();
  const cairn::NewEvent opened = store->new_event("account.opened", cairn::as_bytes("{}"));
  static_cast<void>(store->append(cairn::StreamId{"account-42"}, cairn::ExpectedRevision::no_stream(), opened).value());
  asio::io_context context;
  std::size_t seen = 0;
  asio::co_spawn(context, first_batch(cairn::AsioSubscription{context.get_executor(), store->subscribe().value()}),
                 [&seen](const std::exception_ptr& failed, std::size_t events) { seen = failed ? 0 : events; });
  context.run();
  std::printf("%zu event\n", seen);
  return seen == 1 ? 0 : 1;
}
