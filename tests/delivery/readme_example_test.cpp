// The program of delivery/README.md, as it is there.
#include <gtest/gtest.h>

#include <cairn/cairn.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(DeliveryReadme, ProgramDoesWhatItSays) {
  const auto disk = MemoryVfs::create();
  auto cairn = Cairn::open({.file = "bank.db", .memory = disk.get()}).value();
  (void)cairn->database()
      .write([](Unit& unit) { return unit.exec("CREATE TABLE seen (stream TEXT PRIMARY KEY, events INTEGER)"); })
      .value();
  EventStore& events = cairn->events();
  const StreamId account{"account-42"};
  const NewEvent deposited = events.new_event("account.deposited", as_bytes("{}"));

  const auto count = [](Unit& unit, const RecordedEvent& event) -> Result<void> {
    auto done =
        unit.exec("INSERT INTO seen (stream, events) VALUES ($1, 1) ON CONFLICT DO UPDATE SET events = events + 1",
                  {event.stream});
    if (!done) return std::move(done).error();
    return {};
  };
  cairn->runner().add("seen", count, {.filter = {.category = "account"}}).value();
  cairn->start().value();

  auto done = events.append(account, ExpectedRevision::any(), deposited).value();
  cairn->runner().wait_for("seen", done.last_position, 3600s).value();
  auto reader = cairn->database().read().value();
  EXPECT_EQ(reader.first<int>("SELECT events FROM seen WHERE stream = 'account-42'", {}).value(), 1);
}

}  // namespace
}  // namespace cairn
