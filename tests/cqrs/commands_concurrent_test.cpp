// Threads that race for one account, with and without ids.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/id_source.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/cqrs/command_handler.hpp>
#include <cairn/cqrs/command_outcomes.hpp>
#include <cairn/cqrs/decide_over.hpp>
#include <cairn/eventstore/load.hpp>

#include "cqrs/bank.hpp"

namespace cairn {
namespace {

using test::BankAccount;
using test::Deposit;
using test::Deposited;
using test::Withdraw;
using test::Withdrawn;

constexpr std::size_t clients = 8;
constexpr std::int64_t commands = 40;  // of each

struct ThreadedBank {
  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  std::unique_ptr<Database> database = Database::open({.file = "bank.db", .memory = disk.get()}).value();
  std::unique_ptr<EventStore> store = EventStore::open(*database).value();
  std::unique_ptr<CommandOutcomes> outcomes = CommandOutcomes::open(*database).value();
  CommandHandler<BankAccount> accounts{*store, "account", {}, {.outcomes = outcomes.get()}};

  [[nodiscard]] std::int64_t balance(const char* key) const {
    return load<BankAccount>(*store, StreamId::of("account", key).value()).value().state.cents;
  }
};

template <class Client>
void run_clients(const Client& client) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < clients; ++i) threads.emplace_back([&client, i] { client(i); });
}

TEST(CommandsConcurrent, ToOneStreamAllFinishAndNoneIsLost) {
  ThreadedBank bank;
  std::mutex mutex;
  Attempt highest;
  run_clients([&](std::size_t) {
    for (std::int64_t i = 0; i < commands; ++i) {
      const auto done = bank.accounts.handle("ann", Deposit{1});
      ASSERT_TRUE(done) << done.error().to_string();
      const std::lock_guard lock{mutex};
      highest = std::max(highest, done->attempt);
    }
  });
  EXPECT_EQ(bank.balance("ann"), static_cast<std::int64_t>(clients) * commands);
  EXPECT_LE(highest, Attempt{3});
}

TEST(CommandsConcurrent, NeverSpendWhatIsNotThere) {
  ThreadedBank bank;
  ASSERT_TRUE(bank.accounts.handle("ann", Deposit{100}));
  std::atomic<std::int64_t> spent{0};
  run_clients([&](std::size_t) {
    for (std::int64_t i = 0; i < commands; ++i) {
      const auto done = bank.accounts.handle("ann", Withdraw{1});
      if (done) {
        ++spent;
      } else {
        ASSERT_EQ(done.error().code(), Errc::rejected) << done.error().to_string();
      }
    }
  });
  EXPECT_EQ(spent.load(), 100);
  EXPECT_EQ(bank.balance("ann"), 0);
}

TEST(CommandsConcurrent, OfOneIdAreDoneOnceWhoeverComesFirst) {
  ThreadedBank bank;
  const SystemClock clock;
  SeededRandom random{5};
  UuidV7Source source{clock, random};
  std::vector<Uuid> ids;
  for (std::int64_t i = 0; i < commands; ++i) ids.push_back(source.next());
  std::atomic<std::size_t> first_times{0};
  run_clients([&](std::size_t) {
    for (const Uuid& id : ids) {
      const auto done = bank.accounts.handle("ann", Deposit{1}, {.command_id = id});
      ASSERT_TRUE(done) << done.error().to_string();
      if (!done->repeated) ++first_times;
    }
  });
  EXPECT_EQ(first_times.load(), ids.size());
  EXPECT_EQ(bank.balance("ann"), commands);
}

TEST(CommandsConcurrent, OverSeveralStreamsKeepTheirSum) {
  ThreadedBank bank;
  const std::vector<StreamId> accounts{StreamId{"account-0"}, StreamId{"account-1"}, StreamId{"account-2"}};
  for (const char* key : {"0", "1", "2"}) ASSERT_TRUE(bank.accounts.handle(key, Deposit{20}));
  run_clients([&](std::size_t client) {
    for (std::size_t i = 0; i < 20; ++i) {
      const StreamId& from = accounts[(client + i) % 3];
      const StreamId& into = accounts[(client + i + 1 + client % 2) % 3];
      const auto done = decide_over(*bank.store, reading<BankAccount>(from), reading<BankAccount>(into))
                            .by([&](const BankAccount& source, const BankAccount&) -> DecisionOver {
                              if (source.cents < 3) return reject("account.insufficient_funds");
                              return {to(from, Withdrawn{3}), to(into, Deposited{3})};
                            });
      if (!done) {
        ASSERT_EQ(done.error().code(), Errc::rejected) << done.error().to_string();
      }
    }
  });
  EXPECT_EQ(bank.balance("0") + bank.balance("1") + bank.balance("2"), 60);
  for (const char* key : {"0", "1", "2"}) EXPECT_GE(bank.balance(key), 0);
}

}  // namespace
}  // namespace cairn
