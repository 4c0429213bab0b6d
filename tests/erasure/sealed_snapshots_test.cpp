#include <cairn/eventstore/sealed_snapshots.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_schemas_builder.hpp>

#include "erasure/byte_scan.hpp"
#include "erasure/customer.hpp"
#include "erasure/recording_provider.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::Contact;
using test::MemoryStore;
using test::Registered;
using Names = std::vector<std::string>;

const SubjectId ann{"person-7"};
const StreamId stream{"customer-7"};
const Contact anns{"Ann", "ann.of.the.long.address@example.org"};

/// What an upcaster makes of Registered: the data in plain.
struct Opened {
  static constexpr auto type = "customer.opened";
  std::string person;
  Contact contact;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Opened, person, contact)

struct Customer {
  static constexpr auto type = "customer";
  using Event = std::variant<Opened>;
  std::string person;
  Contact contact;
  int changes = 0;
  void evolve(const Opened& event) {
    person = event.person;
    contact = event.contact;
    ++changes;
  }
  [[nodiscard]] std::vector<SubjectId> subjects() const { return {{person}}; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Customer, person, contact, changes)

/// The same with the data as it is in the event.
struct SealedCustomer {
  static constexpr auto type = "sealed_customer";
  using Event = std::variant<Registered>;
  Sealed<Contact> contact;
  void evolve(const Registered& event) { contact = event.contact; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SealedCustomer, contact)
static_assert(PersonalState<Customer> && !PersonalState<SealedCustomer> && SnapshotState<SealedCustomer>);

class SealedSnapshotsTest : public testing::Test {
 protected:
  EventStoreOptions options() {
    const auto open_it = [this](const Registered& stored) -> Result<Opened> {
      auto contact = keys->unseal(stored.contact);
      if (!contact) return std::move(contact).error();
      return Opened{ann.text, contact->value_or({"(erased)", "(erased)"})};
    };
    EventStoreOptions made;
    made.schemas = EventSchemasBuilder{}.add<Opened>().upcast<Registered>(open_it).build().value();
    return made;
  }
  void append(int events) {
    for (int i = 0; i < events; ++i) {
      const Registered event{"gold", keys->seal(ann, anns).value()};
      ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), store->new_event(event).value()));
    }
  }

  test::RecordingProvider provider;
  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  std::unique_ptr<SubjectKeys> keys =
      SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = provider}).value();
  MemoryStore store{options()};
  SealedSnapshots snapshots{*store, *keys, {.every_events = 10}};
};

TEST_F(SealedSnapshotsTest, GiveTheStateOfTheEventsWithoutReadingThemAll) {
  append(10);
  const auto whole = snapshots.load<Customer>(stream).value();
  ASSERT_TRUE(snapshots.save_if_due(stream, whole).value());
  append(3);
  const auto loaded = snapshots.load<Customer>(stream).value();
  EXPECT_EQ(loaded.snapshot, Revision{9});
  EXPECT_EQ(loaded.events, 3U);
  EXPECT_EQ(loaded.state.changes, 13);
  EXPECT_EQ(loaded.state.contact, anns);
  EXPECT_FALSE(snapshots.save_if_due(stream, loaded).value());
}

TEST_F(SealedSnapshotsTest, HoldNothingInPlain) {
  append(10);
  const auto loaded = snapshots.load<Customer>(stream).value();
  ASSERT_TRUE(snapshots.save(stream, loaded));
  EXPECT_EQ(test::files_with(store.disk(), as_bytes(anns.email)), Names{});
  // What it would be otherwise.
  ASSERT_TRUE(Snapshots{*store}.save(stream, loaded));
  EXPECT_FALSE(test::files_with(store.disk(), as_bytes(anns.email)).empty());
}

TEST_F(SealedSnapshotsTest, AreErasedWithTheirSubject) {
  append(10);
  ASSERT_TRUE(snapshots.save(stream, snapshots.load<Customer>(stream).value()));
  ASSERT_TRUE(keys->erase(ann));
  const auto loaded = snapshots.load<Customer>(stream).value();
  EXPECT_EQ(loaded.snapshot, std::nullopt);
  EXPECT_EQ(loaded.state.contact.email, "(erased)");
  EXPECT_EQ(snapshots.save(stream, loaded).error().code(), Errc::rejected);
  EXPECT_FALSE(snapshots.save_if_due(stream, loaded).value());
}

TEST_F(SealedSnapshotsTest, PassByOneOfAnotherStreamOrDamaged) {
  append(10);
  const StreamId other{"customer-8"};
  const auto loaded = snapshots.load<Customer>(stream).value();
  ASSERT_TRUE(snapshots.save(stream, loaded));
  const Registered bobs{"gold", keys->seal(ann, Contact{"Bob", ""}).value()};
  ASSERT_TRUE(store->append(other, ExpectedRevision::any(), store->new_event(bobs).value()));
  Snapshots plain{*store};
  auto moved = plain.newest(stream, snapshot_shape<Customer>().value()).value().value();
  moved.revision = Revision{0};
  ASSERT_TRUE(plain.save(other, moved));
  const auto of_other = snapshots.load<Customer>(other).value();
  EXPECT_EQ(of_other.snapshot, std::nullopt);
  EXPECT_EQ(of_other.state.contact.name, "Bob");
}

TEST_F(SealedSnapshotsTest, AreNotPassedByBecauseTheKeyServiceIsAway) {
  append(10);
  ASSERT_TRUE(snapshots.save(stream, snapshots.load<Customer>(stream).value()));
  keys.reset();
  keys = SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = provider}).value();
  SealedSnapshots later{*store, *keys};
  const Error down{Errc::unavailable, "the key service does not answer"};
  provider.fail_with(&down);
  EXPECT_EQ(later.load<Customer>(stream).error(), down);
}

TEST(SnapshotsOfSealedFields, HoldNothingInPlain) {
  test::RecordingProvider provider;
  auto disk = MemoryVfs::create();
  auto keys = SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = provider}).value();
  MemoryStore store;
  const Registered event{"gold", keys->seal(ann, anns).value()};
  ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), store->new_event(event).value()));
  Snapshots snapshots{*store};
  ASSERT_TRUE(snapshots.save(stream, snapshots.load<SealedCustomer>(stream).value()));
  EXPECT_EQ(test::files_with(store.disk(), as_bytes(anns.email)), Names{});
  const auto loaded = snapshots.load<SealedCustomer>(stream).value();
  EXPECT_EQ(loaded.snapshot, Revision{0});
  EXPECT_EQ(*keys->unseal(loaded.state.contact).value(), anns);
  ASSERT_TRUE(keys->erase(ann));
  EXPECT_FALSE(keys->unseal(snapshots.load<SealedCustomer>(stream).value().state.contact).value());
}

}  // namespace
}  // namespace cairn
