#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "support/memory_store.hpp"

namespace cairn {
namespace {

using testing::HasSubstr;

DatabaseOptions options_on(MemoryVfs& disk) {
  return {.file = "store.db", .writer = WriterMode::stepped, .memory = &disk};
}

struct Case {
  const char* name;
  std::string_view change;  // made to a good store by another program
  Errc code;
  const char* says;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class OpenLogFails : public testing::TestWithParam<Case> {};

TEST_P(OpenLogFails, WithItsOwnErrorAndNothingChanged) {
  auto disk = MemoryVfs::create();
  {
    auto database = Database::open(options_on(*disk)).value();
    {
      auto store = EventStore::open(*database, {.pending_events_max = 4, .pending_events_min = 4}).value();
      for (std::uint64_t number = 1; number <= 300; ++number) {
        ASSERT_TRUE(store->append(StreamId{"account-1"}, ExpectedRevision::any(), test::make_event(number)));
      }
    }
    ASSERT_TRUE(database->write([](Unit& unit) { return unit.exec(GetParam().change); }));
    ASSERT_TRUE(database->close());
  }
  const auto before = disk->read_file("store.db");
  auto database = Database::open(options_on(*disk)).value();
  const auto opened = EventStore::open(*database);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), GetParam().code) << opened.error().to_string();
  EXPECT_THAT(opened.error().message(), HasSubstr(GetParam().says));
  ASSERT_TRUE(database->close());
  EXPECT_EQ(disk->read_file("store.db"), before);
  EXPECT_EQ(disk->files(), std::vector<std::string>{"store.db"});
}

const Case cases[] = {
    {"NewerLog",
     "INSERT INTO schema_migration(component, number, name, checksum, applied_at) VALUES ('eventstore', 99, 'x', 0, 0)",
     Errc::invalid, "newer"},
    {"AnotherTextOfAMigration", "UPDATE schema_migration SET checksum = checksum + 1 WHERE component = 'eventstore'",
     Errc::invalid, "another text"},
    {"NoIndexedThrough", "DELETE FROM store WHERE key = 'indexed_through'", Errc::corrupt, "indexed_through"},
    {"IndexedBeyondTheLog", "UPDATE store SET value = 1000 WHERE key = 'indexed_through'", Errc::corrupt, "1000"},
    {"TailThatDoesNotFollow", "UPDATE tail SET first = first + 1 WHERE first = (SELECT max(first) FROM tail)",
     Errc::corrupt, "tail"},
    {"TailFromNowhere", "DELETE FROM chunk", Errc::corrupt, "tail"},
    {"TypeMissing", "UPDATE event_type SET number = number + 1", Errc::corrupt, "event type"},
    {"CategoryMissing", "UPDATE category SET number = number + 1", Errc::corrupt, "category"},
};
INSTANTIATE_TEST_SUITE_P(Cases, OpenLogFails, testing::ValuesIn(cases),
                         [](const auto& param) { return std::string{param.param.name}; });

}  // namespace
}  // namespace cairn
