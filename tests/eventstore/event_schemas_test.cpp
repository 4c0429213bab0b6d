#include <cairn/eventstore/event_schemas_builder.hpp>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/load.hpp>

#include "eventstore/bank_account.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::from_text;
using test::MemoryStore;
using test::to_text;

/// A stored shape of type "account.deposited" whose data is one number.
template <std::uint32_t Version>
struct DepositedV {
  static constexpr auto type = "account.deposited";
  static constexpr std::uint32_t schema_version = Version;
  std::int64_t cents = 0;
  static Bytes encode(const DepositedV& event) { return to_text(event.cents); }
  static Result<DepositedV> decode(BytesView bytes) {
    return from_text(bytes).transform([](std::int64_t number) { return DepositedV{number}; });
  }
};
struct FeeTaken {
  static constexpr auto type = "account.fee_taken";
  std::int64_t cents = 0;
  static Bytes encode(const FeeTaken& event) { return to_text(event.cents); }
  static Result<FeeTaken> decode(BytesView bytes) {
    return from_text(bytes).transform([](std::int64_t number) { return FeeTaken{number}; });
  }
};

const StreamId ann{"account-ann"};

/// What `schemas` make of one stored DepositedV<Version> of so many cents: "type/version=data" of each event.
template <std::uint32_t Version>
Result<std::vector<std::string>> today(const EventSchemas& schemas, std::int64_t cents) {
  const Bytes data = to_text(cents);
  RecordedEvent stored;
  stored.position = {17};
  stored.stream = "account-ann";
  stored.type = DepositedV<Version>::type;
  stored.schema_version = Version;
  stored.content_type = ContentType::binary;
  stored.data = data;
  std::vector<std::string> events;
  auto done = schemas.upcast(stored, [&events](const RecordedEvent& event) {
    EXPECT_EQ(event.position, GlobalPosition{17});
    EXPECT_EQ(event.stream, "account-ann");
    events.push_back(std::string{event.type} + "/" + std::to_string(event.schema_version) + "=" +
                     std::string{as_text(event.data)});
  });
  if (!done) return std::move(done).error();
  return events;
}

using Texts = std::vector<std::string>;

TEST(EventSchemas, GiveAnEventWithoutAnUpcasterAsItIs) {
  const auto schemas = EventSchemasBuilder{}.add<DepositedV<2>>().build().value();
  EXPECT_EQ(today<2>(schemas, 5).value(), (Texts{"account.deposited/2=5"}));
  EXPECT_EQ(today<1>(schemas, 5).value(), (Texts{"account.deposited/1=5"})) << "not registered: as stored";
  EXPECT_EQ(today<1>(EventSchemas{}, 5).value(), (Texts{"account.deposited/1=5"}));
}

TEST(EventSchemas, ChainUpcastersFromOneToTheNext) {
  const auto schemas =
      EventSchemasBuilder{}
          .add<DepositedV<3>>()
          .upcast<DepositedV<1>>([](const DepositedV<1>& old) { return DepositedV<2>{old.cents * 10}; })
          .upcast<DepositedV<2>>([](const DepositedV<2>& old) { return DepositedV<3>{old.cents + 1}; })
          .build()
          .value();
  EXPECT_EQ(today<1>(schemas, 5).value(), (Texts{"account.deposited/3=51"}));
  EXPECT_EQ(today<2>(schemas, 5).value(), (Texts{"account.deposited/3=6"}));
  EXPECT_EQ(today<3>(schemas, 5).value(), (Texts{"account.deposited/3=5"}));
}

TEST(EventSchemas, TurnOneEventIntoNoneOneOrSeveralInOrder) {
  using Split = std::vector<std::variant<DepositedV<3>, FeeTaken>>;
  const auto schemas = EventSchemasBuilder{}
                           .add<DepositedV<3>, FeeTaken>()
                           .upcast<DepositedV<1>>([](const DepositedV<1>& old) -> std::optional<DepositedV<2>> {
                             if (old.cents == 0) return {};
                             return DepositedV<2>{old.cents};
                           })
                           .upcast<DepositedV<2>>([](const DepositedV<2>& old) {
                             return Split{DepositedV<3>{old.cents - 1}, FeeTaken{1}, DepositedV<3>{0}};
                           })
                           .build()
                           .value();
  EXPECT_EQ(today<1>(schemas, 0).value(), Texts{});
  EXPECT_EQ(today<1>(schemas, 9).value(),
            (Texts{"account.deposited/3=8", "account.fee_taken/1=1", "account.deposited/3=0"}));
}

TEST(EventSchemas, ReadARetiredShapeAsNothing) {
  const auto schemas = EventSchemasBuilder{}.retire("account.deposited", 1).build().value();
  EXPECT_EQ(today<1>(schemas, 5).value(), Texts{});
  EXPECT_EQ(today<2>(schemas, 5).value(), (Texts{"account.deposited/2=5"}));
}

TEST(EventSchemas, NameShapeAndPositionWhenAnUpcasterFails) {
  struct Case {
    Errc code;
    const char* why;
    EventSchemas::Upcaster upcaster;
  };
  const Case cases[] = {
      {Errc::handler_failed, "no rate",
       [](const RecordedEvent&, std::vector<UpcastEvent>&) -> Result<void> { throw std::runtime_error{"no rate"}; }},
      {Errc::invalid, "not a number",
       [](const RecordedEvent&, std::vector<UpcastEvent>&) -> Result<void> {
         return Error{Errc::invalid, "not a number"};
       }},
      {Errc::invalid, "account.deposited version 9, which it had not announced",
       [](const RecordedEvent&, std::vector<UpcastEvent>& out) -> Result<void> {
         out.push_back({{"account.deposited", 9}, ContentType::binary, {}});
         return {};
       }},
  };
  for (const Case& each : cases) {
    const auto schemas = EventSchemasBuilder{}
                             .add<DepositedV<2>>()
                             .upcast({"account.deposited", 1}, {{"account.deposited", 2}}, each.upcaster)
                             .build()
                             .value();
    const auto failed = today<1>(schemas, 5);
    ASSERT_FALSE(failed) << each.why;
    EXPECT_EQ(failed.error().code(), each.code) << each.why;
    EXPECT_NE(failed.error().message().find("upcast account.deposited version 1 at position 17"), std::string::npos)
        << failed.error().message();
    EXPECT_NE(failed.error().message().find(each.why), std::string::npos) << failed.error().message();
  }
}

TEST(EventSchemas, StopWithTheErrorOfWhoeverIsCalled) {
  const auto schemas = EventSchemasBuilder{}
                           .add<DepositedV<2>>()
                           .upcast<DepositedV<1>>([](const DepositedV<1>& old) {
                             return std::vector{DepositedV<2>{old.cents}, DepositedV<2>{old.cents}};
                           })
                           .build()
                           .value();
  const Bytes data = to_text(1);
  RecordedEvent stored;
  stored.type = "account.deposited";
  stored.schema_version = 1;
  stored.content_type = ContentType::binary;
  stored.data = data;
  int calls = 0;
  const auto stopped = schemas.upcast(stored, [&calls](const RecordedEvent&) -> Result<void> {
    ++calls;
    return Error{Errc::cancelled, "enough"};
  });
  EXPECT_EQ(stopped.error().code(), Errc::cancelled);
  EXPECT_EQ(calls, 1);
}

TEST(EventSchemas, ListWhatIsRegistered) {
  const auto schemas = EventSchemasBuilder{}
                           .add<DepositedV<2>>()
                           .upcast<DepositedV<1>>([](const DepositedV<1>& old) { return DepositedV<2>{old.cents}; })
                           .retire("account.noted", 1)
                           .build()
                           .value();
  using Kind = SchemaEntry::Kind;
  const std::vector<SchemaEntry> expected{
      {{"account.deposited", 1}, Kind::upcast, {{"account.deposited", 2}}},
      {{"account.deposited", 2}, Kind::current, {}},
      {{"account.noted", 1}, Kind::retired, {}},
  };
  EXPECT_EQ(schemas.list(), expected);
  EXPECT_TRUE(schemas.has_path("account.deposited", 1));
  EXPECT_FALSE(schemas.has_path("account.deposited", 3));
  EXPECT_EQ(EventSchemas{}.list(), std::vector<SchemaEntry>{});
}

TEST(EventSchemasBuilder, RefusesWhatLeadsNowhere) {
  const auto nothing = [](const RecordedEvent&, std::vector<UpcastEvent>&) -> Result<void> { return {}; };
  struct Case {
    const char* why;
    EventSchemasBuilder builder;
  };
  const Case cases[] = {
      {"account.deposited version 1 becomes account.deposited version 2, which is not registered",
       EventSchemasBuilder{}.upcast({"account.deposited", 1}, {{"account.deposited", 2}}, nothing)},
      {"a version 1 becomes itself again",
       EventSchemasBuilder{}.upcast({"a", 1}, {{"b", 1}}, nothing).upcast({"b", 1}, {{"a", 1}}, nothing)},
      {"a version 1 becomes itself again", EventSchemasBuilder{}.upcast({"a", 1}, {{"a", 1}}, nothing)},
      {"account.deposited version 2 is registered twice", EventSchemasBuilder{}.add<DepositedV<2>, DepositedV<2>>()},
      {"account.deposited version 2 is registered twice",
       EventSchemasBuilder{}.add<DepositedV<2>>().retire("account.deposited", 2)},
      {"a type has no name", EventSchemasBuilder{}.retire("", 1)},
      {"a version 0: versions begin with 1", EventSchemasBuilder{}.retire("a", 0)},
  };
  for (const Case& each : cases) {
    const auto refused = each.builder.build();
    ASSERT_FALSE(refused) << each.why;
    EXPECT_EQ(refused.error().code(), Errc::invalid);
    EXPECT_NE(refused.error().message().find(each.why), std::string::npos) << refused.error().message();
  }
}

/// A log with deposits of versions 1 and 2 at positions 1 to 3, and a fee at 4.
void fill(MemoryStore& store) {
  const std::array events{store->new_event(DepositedV<1>{100}).value(), store->new_event(DepositedV<2>{10}).value(),
                          store->new_event(DepositedV<1>{1}).value(), store->new_event(FeeTaken{5}).value()};
  ASSERT_TRUE(store->append(ann, ExpectedRevision::no_stream(), events));
}

struct Balance {
  using Event = std::variant<DepositedV<2>, FeeTaken>;
  std::int64_t cents = 0;
  void evolve(const DepositedV<2>& event) { cents += event.cents; }
  void evolve(const FeeTaken& event) { cents -= event.cents; }
};

EventSchemas balance_schemas() {
  return EventSchemasBuilder{}
      .add<DepositedV<2>, FeeTaken>()
      .upcast<DepositedV<1>>([](const DepositedV<1>& old) { return DepositedV<2>{old.cents * 2}; })
      .build()
      .value();
}

TEST(StoredSchemas, AreLoadedByWayOfTheUpcasters) {
  MemoryStore store{{.schemas = balance_schemas()}};
  fill(store);
  const auto loaded = load<Balance>(*store, ann).value();
  EXPECT_EQ(loaded.state.cents, 200 + 10 + 2 - 5);
  EXPECT_EQ(loaded.revision, Revision{3});
  EXPECT_EQ(loaded.events, 4U);
}

TEST(StoredSchemas, AreListedWithTheirFirstPositionAndWhetherThereIsAPath) {
  MemoryStore store{{.schemas = EventSchemasBuilder{}.add<DepositedV<2>>().build().value()}};
  fill(store);
  const std::vector<StoredSchema> expected{{{"account.deposited", 1}, {1}, false},
                                           {{"account.deposited", 2}, {2}, true},
                                           {{"account.fee_taken", 1}, {4}, false}};
  EXPECT_EQ(store->stored_schemas().value(), expected);
  store.reopen();
  EXPECT_EQ(store->stored_schemas().value(), expected);
  store.kill();
  EXPECT_EQ(store->stored_schemas().value(), expected);
}

TEST(StoredSchemas, OfARolledBackUnitAreNotListed) {
  MemoryStore store;
  const auto attempt = [&store](bool refuse) {
    return store.database().write([&](Unit& unit) -> Result<void> {
      const NewEvent event = store->new_event(FeeTaken{1}).value();
      if (auto done = store->append(unit, ann, ExpectedRevision::any(), {&event, 1}); !done) return done.error();
      return refuse ? Result<void>{Error{Errc::rejected, "second thoughts"}} : Result<void>{};
    });
  };
  EXPECT_FALSE(attempt(true));
  EXPECT_EQ(store->stored_schemas().value(), std::vector<StoredSchema>{});
  ASSERT_TRUE(attempt(false));
  EXPECT_EQ(store->stored_schemas().value(), (std::vector<StoredSchema>{{{"account.fee_taken", 1}, {1}, false}}));
}

TEST(StoredSchemas, WithoutAPathAreNamedByAnOpenThatRequiresThem) {
  MemoryStore store;
  fill(store);
  const auto opened = EventStore::open(
      store.database(),
      {.schemas = EventSchemasBuilder{}.add<DepositedV<2>>().build().value(), .require_schema_paths = true});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::unknown_schema);
  EXPECT_NE(opened.error().message().find("account.deposited version 1 (first at position 1), "
                                          "account.fee_taken version 1 (first at position 4)"),
            std::string::npos)
      << opened.error().message();
}

TEST(StoredSchemas, OfALogFromBeforeTheyWereKeptAreReadFromIt) {
  MemoryStore store;
  fill(store);
  ASSERT_TRUE(store.database().write([](Unit& unit) -> Result<void> {
    for (const char* sql : {"DELETE FROM event_schema", "UPDATE store SET value = 0 WHERE key = 'schemas_known'"}) {
      if (auto done = unit.exec(sql, {}); !done) return std::move(done).error();
    }
    return {};
  }));
  store.reopen();
  EXPECT_EQ(store->stored_schemas().value().size(), 3U);
  EXPECT_EQ(store->stored_schemas().value().front(), (StoredSchema{{"account.deposited", 1}, {1}, false}));
  store.reopen();
  EXPECT_EQ(store->stored_schemas().value().size(), 3U);
}

}  // namespace
}  // namespace cairn
