// The calls of dlq/README.md, as they are there.
#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>
#include <cairn/dlq/automatic_redrive.hpp>

#include "dlq/letter_box.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;

struct Service {
  test::LetterBox box;
  DeadLetters& letters = *box;
  std::vector<std::string> mails;
};

Result<void> book(Unit& unit, const DeadLetter& letter) { return test::leave_effect(unit, letter); }

TEST(DlqReadme, ParksEditsCountsAndRedrives) {
  Service service;
  DeadLetters& letters = service.letters;
  const std::string line = "12;EUR;x";
  const Error error{Errc::invalid, "no amount"};
  const std::string corrected = "12;EUR;7";

  (void)letters.park(NewDeadLetter::of_input("bookings", "may.csv:117", line), error).value();
  letters.set_handler("bookings", [&](Unit& unit, const DeadLetter& letter) { return book(unit, letter); }).value();

  auto page = letters.list({.filter = {.queue = "bookings", .state = LetterState::parked}}).value();
  letters.edit(page.letters[0].id, as_bytes(corrected), "ann").value();
  EXPECT_EQ(letters.count({.queue = "bookings", .error = Errc::invalid}).value(), 1U);
  auto report = letters.redrive({.queue = "bookings"}).value();

  EXPECT_EQ(report.resolved, 1U);
  EXPECT_EQ(service.box.effects(), std::vector<std::string>{corrected});
}

TEST(DlqReadme, WaitsBehindAnOlderItemOfTheKey) {
  Service service;
  test::MemoryStore store;
  const auto two = test::make_events(1, 2);
  (void)store->append(StreamId{"account-1"}, ExpectedRevision::any(), two).value();
  std::vector<bool> parked;
  const auto handle = [&](Unit& unit, const RecordedEvent& event) -> Result<void> {
    auto behind = service.letters.park_behind(unit, NewDeadLetter::of_event("projection:balances", event));
    if (behind && *behind) {
      parked.push_back(true);
      return {};
    }
    parked.push_back(false);
    auto failed = service.letters.park(unit, NewDeadLetter::of_event("projection:balances", event), test::failure());
    return failed ? Result<void>{} : Result<void>{failed.error()};
  };
  store->read_all()
      .for_each([&](const RecordedEvent& event) {
        return service.box.database().write([&](Unit& unit) { return handle(unit, event); });
      })
      .value();
  EXPECT_EQ(parked, (std::vector{false, true}));
}

TEST(DlqReadme, TriesWhatTalksToTheOutsideByItself) {
  Service service;
  DeadLetters& letters = service.letters;
  SimulatedClock& timers = service.box.clock();
  ManualExecutor executor;
  const auto send_mail = [&](const DeadLetter& letter) -> Result<void> {
    service.mails.push_back(letter.item.to_string());
    return {};
  };

  letters.set_outside_handler("mails", send_mail, RedrivePolicy{.retry = {.backoff = exponential(1min, 6h)}}).value();
  AutomaticRedrive automatic{letters, timers, executor};  // sleeps until the next letter is due

  const NewDeadLetter mail = test::make_letter(1, "mails");
  (void)letters.park(mail, test::failure()).value();
  (void)executor.run_all();
  timers.advance(1min);
  (void)executor.run_all();
  EXPECT_EQ(service.mails, std::vector{mail.item.to_string()});
}

}  // namespace
}  // namespace cairn
