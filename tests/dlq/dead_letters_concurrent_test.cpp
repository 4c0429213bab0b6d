#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/pool_executor.hpp>
#include <cairn/core/system_timers.hpp>
#include <cairn/dlq/automatic_redrive.hpp>

#include "dlq/letter_box.hpp"

namespace cairn {
namespace {

using test::failure;
using test::make_letter;

TEST(DeadLettersConcurrent, AreEachResolvedOnceWhileThreadsParkListAndRedrive) {
  constexpr std::uint64_t threads = 3;
  constexpr std::uint64_t letters_each = 60;
  const auto disk = MemoryVfs::create();
  SystemClock clock;
  SeededRandom random{1};
  auto database = Database::open({.file = "store.db", .memory = disk.get()}).value();
  (void)database->write([](Unit& unit) { return unit.exec("CREATE TABLE effect (item INTEGER PRIMARY KEY)"); }).value();
  auto letters = DeadLetters::open(*database, {.clock = clock, .random = random}).value();

  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t resolved = 0;
  // Fails at first, so that every letter goes through the policy; a second effect would break the primary key.
  const auto handle = [&](Unit& unit, const DeadLetter& letter) -> Result<void> {
    if (letter.attempts < 2) return failure("not yet", Errc::timeout);
    auto done = unit.exec("INSERT INTO effect (item) VALUES ($1)", {as_text(letter.payload)});
    if (!done) return std::move(done).error();
    return {};
  };
  letters->set_handler("orders", handle, RedrivePolicy{.retry = {.max_attempts = 50, .backoff = immediate()}}).value();
  const auto executor = PoolExecutor::start({.threads = 2}).value();
  SystemTimers timers{clock, *executor};
  const std::jthread timing{[&timers](const std::stop_token& stop) { timers.run(stop); }};
  {
    AutomaticRedrive automatic{*letters, timers, *executor};
    std::vector<std::jthread> running;
    for (std::uint64_t thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        for (std::uint64_t i = 1; i <= letters_each; ++i) {
          const std::uint64_t number = thread * letters_each + i;
          ASSERT_TRUE(letters->park(make_letter(number, "orders", "key-" + std::to_string(number % 5)),
                                    failure("busy", Errc::timeout)));
        }
      });
    }
    running.emplace_back([&] {
      do {
        const auto report = letters->redrive({.queue = "orders"});
        EXPECT_TRUE(report) << report.error().to_string();
        EXPECT_TRUE(letters->list());
        const std::lock_guard lock{mutex};
        resolved = letters->count({.state = LetterState::resolved}).value();
        changed.notify_all();
      } while (resolved < threads * letters_each);
    });
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return resolved == threads * letters_each; });
  }
  auto reader = database->read().value();
  EXPECT_EQ(reader.first<std::uint64_t>("SELECT count(*) FROM effect", {}).value(), threads * letters_each);
}

}  // namespace
}  // namespace cairn
