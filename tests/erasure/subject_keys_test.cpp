#include <cairn/eventstore/subject_keys.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "erasure/customer.hpp"
#include "erasure/recording_provider.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::Contact;
using test::Registered;

const SubjectId ann{"person-7"};
const SubjectId bob{"person-8"};
const Contact anns{"Ann", "ann@example.org"};

struct ContactV2 {
  static constexpr auto type = Contact::type;
  static constexpr std::uint32_t schema_version = 2;
  static Bytes encode(const ContactV2&) { return {}; }
  static Result<ContactV2> decode(BytesView) { return ContactV2{}; }
};

class SubjectKeysTest : public testing::Test {
 protected:
  SubjectKeysTest() { open(); }

  void open() {
    keys.reset();
    keys = SubjectKeys::open({.file = "keys", .cache_keys_max = 100, .memory = disk.get()},
                             {.master = provider, .clock = &clock})
               .value();
  }

  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  test::RecordingProvider provider;
  SimulatedClock clock;
  std::unique_ptr<SubjectKeys> keys;
};

TEST_F(SubjectKeysTest, UnsealWhatTheySealed) {
  const auto contact = keys->seal(ann, anns).value();
  const auto text = keys->seal(ann, "Kirchweg 3").value();
  const auto bytes = keys->seal(bob, Bytes{std::byte{0}, std::byte{255}}).value();
  const auto nothing = keys->seal(ann, "").value();
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(*keys->unseal(contact).value(), anns);
    EXPECT_EQ(*keys->unseal(text).value(), "Kirchweg 3");
    EXPECT_EQ(*keys->unseal(bytes).value(), (Bytes{std::byte{0}, std::byte{255}}));
    EXPECT_EQ(*keys->unseal(nothing).value(), "");
    open();
  }
}

TEST_F(SubjectKeysTest, AreMadeInOneCommitForManySubjects) {
  std::vector<SubjectId> many;
  for (int i = 0; i < 100; ++i) many.push_back({"person-" + std::to_string(i)});
  const auto of_ann = keys->seal(ann, anns).value();
  ASSERT_TRUE(keys->erase(bob));
  const std::uint64_t before = disk->calls();
  EXPECT_EQ(keys->prepare(many).value(), 98U);
  EXPECT_LT(disk->calls(), before + 100) << "a commit for each";
  EXPECT_EQ(keys->prepare(many).value(), 0U);
  EXPECT_EQ(keys->prepare({}).value(), 0U);
  EXPECT_EQ(*keys->unseal(of_ann).value(), anns);
  EXPECT_EQ(keys->seal(bob, anns).error().code(), Errc::rejected);
  open();
  EXPECT_EQ(*keys->unseal(keys->seal(many[50], anns).value()).value(), anns);
  EXPECT_EQ(keys->prepare(std::array{ann, SubjectId{""}}).error().code(), Errc::invalid);
}

TEST_F(SubjectKeysTest, SealEqualValuesDifferently) {
  EXPECT_NE(keys->seal(ann, anns).value(), keys->seal(ann, anns).value());
}

TEST_F(SubjectKeysTest, AskFileAndProviderOnceForAKeyInUse) {
  const auto sealed = keys->seal(ann, anns).value();
  const auto others = keys->seal(bob, anns).value();
  open();
  const std::size_t before = provider.unwrapped();
  const std::uint64_t calls = disk->calls();
  ASSERT_TRUE(keys->unseal(sealed));
  ASSERT_TRUE(keys->erase(bob));
  ASSERT_TRUE(keys->unseal(others));
  const std::uint64_t warm = disk->calls();
  EXPECT_GT(warm, calls);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(keys->unseal(sealed));
    ASSERT_TRUE(keys->unseal(others).value().erased());
  }
  EXPECT_EQ(disk->calls(), warm);
  EXPECT_EQ(provider.unwrapped(), before + 1);
  ASSERT_TRUE(keys->seal(ann, anns));
  const std::uint64_t known = disk->calls();
  ASSERT_TRUE(keys->seal(ann, anns));
  EXPECT_EQ(disk->calls(), known);
}

TEST_F(SubjectKeysTest, ReadErasedValuesAsErasedAndOthersAsBefore) {
  const auto of_ann = keys->seal(ann, anns).value();
  const auto of_bob = keys->seal(bob, Contact{"Bob", "bob@example.org"}).value();
  clock.advance(std::chrono::hours{1});
  const auto report = keys->erase(ann).value();
  EXPECT_EQ(report.outcome, EraseReport::Outcome::key_destroyed);
  EXPECT_EQ(report.erased_at, clock.now());
  for (int opened = 0; opened < 2; ++opened) {
    const auto read = keys->unseal(of_ann).value();
    EXPECT_FALSE(read);
    EXPECT_EQ(read.erased(), Erased{report.erased_at});
    EXPECT_EQ(read.value_or({"(erased)", ""}).name, "(erased)");
    EXPECT_EQ(keys->unseal(of_bob).value()->name, "Bob");
    open();
  }
}

TEST_F(SubjectKeysTest, SayThatASubjectWasErasedBeforeOrNeverHadAKey) {
  ASSERT_TRUE(keys->seal(ann, anns));
  const auto first = keys->erase(ann).value();
  clock.advance(std::chrono::hours{1});
  const auto second = keys->erase(ann).value();
  EXPECT_EQ(second.outcome, EraseReport::Outcome::already_erased);
  EXPECT_EQ(second.erased_at, first.erased_at);
  EXPECT_EQ(keys->erase(bob).value().outcome, EraseReport::Outcome::nothing_sealed);
  EXPECT_EQ(keys->erase(bob).value().outcome, EraseReport::Outcome::already_erased);
}

TEST(EraseReport, ReadsAsASentence) {
  const EraseReport report{EraseReport::Outcome::key_destroyed, Timestamp{std::chrono::seconds{1'704'067'200}}};
  EXPECT_EQ(report.to_string(), "key destroyed at 2024-01-01T00:00:00Z");
}

TEST_F(SubjectKeysTest, RefuseToSealForAnErasedSubjectUntilItIsReadmitted) {
  const auto before = keys->seal(ann, anns).value();
  ASSERT_TRUE(keys->erase(ann));
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(keys->seal(ann, anns).error().code(), Errc::rejected);
    open();
  }
  ASSERT_TRUE(keys->erase(bob));
  EXPECT_EQ(keys->seal(bob, anns).error().code(), Errc::rejected);

  EXPECT_TRUE(keys->readmit(ann).value());
  EXPECT_FALSE(keys->readmit(ann).value()) << "it is not erased any more";
  const auto after = keys->seal(ann, anns).value();
  EXPECT_EQ(*keys->unseal(after).value(), anns);
  EXPECT_FALSE(keys->unseal(before).value()) << "what was erased came back";
  ASSERT_TRUE(keys->erase(ann));
  EXPECT_FALSE(keys->unseal(after).value());
  EXPECT_FALSE(keys->unseal(before).value());
}

TEST_F(SubjectKeysTest, ReadmitNobodyWhoWasNotErased) {
  const auto sealed = keys->seal(ann, anns).value();
  EXPECT_FALSE(keys->readmit(ann).value());
  EXPECT_FALSE(keys->readmit(bob).value());
  EXPECT_EQ(*keys->unseal(sealed).value(), anns);
  open();
  EXPECT_EQ(*keys->unseal(keys->seal(ann, anns).value()).value(), anns);
}

TEST_F(SubjectKeysTest, OpenAValueOfSeveralAsLongAsNoneIsErased) {
  const std::array both{ann, bob};
  const auto message = keys->seal(both, std::string{"see you at three"}).value();
  const auto of_bob = keys->seal(bob, "mine").value();
  open();
  EXPECT_EQ(*keys->unseal(message).value(), "see you at three");
  ASSERT_TRUE(keys->erase(ann));
  EXPECT_FALSE(keys->unseal(message).value());
  EXPECT_EQ(*keys->unseal(of_bob).value(), "mine");
}

TEST_F(SubjectKeysTest, NeedEveryKeyOfAValueOfSeveral) {
  const std::array both{ann, bob};
  const Bytes sealed = keys->seal(both, std::string{"see you at three"}).value().bytes();
  // Of two keys the value names it is told one, by a hand that may write the log.
  Bytes with_one = sealed;
  with_one[2] = std::byte{1};
  with_one.erase(with_one.begin() + 24, with_one.begin() + 40);
  EXPECT_EQ(keys->unseal(Sealed<std::string>{with_one}).error().code(), Errc::corrupt);
  Bytes exchanged = sealed;
  std::swap_ranges(exchanged.begin() + 8, exchanged.begin() + 24, exchanged.begin() + 24);
  EXPECT_EQ(keys->unseal(Sealed<std::string>{exchanged}).error().code(), Errc::corrupt);
}

TEST_F(SubjectKeysTest, CallDamageAnotherTypeAndAnotherPlaceCorrupt) {
  const auto sealed = keys->seal(ann, anns, {.bound_to = "customer-7"}).value();
  EXPECT_EQ(*keys->unseal(sealed, {.bound_to = "customer-7"}).value(), anns);
  EXPECT_EQ(keys->unseal(sealed).error().code(), Errc::corrupt);
  EXPECT_EQ(keys->unseal(sealed, {.bound_to = "customer-8"}).error().code(), Errc::corrupt);
  const auto as_text = Sealed<std::string>{sealed.bytes()};
  EXPECT_EQ(keys->unseal(as_text, {.bound_to = "customer-7"}).error().code(), Errc::corrupt);
  for (std::size_t at = 0; at < sealed.bytes().size(); ++at) {
    Bytes damaged = sealed.bytes();
    damaged[at] ^= std::byte{0x10};
    const auto read = keys->unseal(Sealed<Contact>{damaged}, {.bound_to = "customer-7"});
    ASSERT_FALSE(read) << at;
    // In the key's id it is a key that never was.
    EXPECT_EQ(read.error().code(), at >= 8 && at < 24 ? Errc::not_found : Errc::corrupt) << at;
  }
}

TEST_F(SubjectKeysTest, DoNotMistakeTheValueOfOneSubjectForThatOfAnother) {
  const Bytes of_ann = keys->seal(ann, anns).value().bytes();
  Bytes moved = keys->seal(bob, anns).value().bytes();
  std::copy(of_ann.begin() + 24, of_ann.end(), moved.begin() + 24);
  EXPECT_EQ(keys->unseal(Sealed<Contact>{moved}).error().code(), Errc::corrupt);
}

TEST_F(SubjectKeysTest, SayThatTheValueIsOfAnotherSchemaVersion) {
  const auto sealed = keys->seal(ann, ContactV2{}).value();
  EXPECT_EQ(keys->unseal(Sealed<Contact>{sealed.bytes()}).error().code(), Errc::unknown_schema);
}

TEST_F(SubjectKeysTest, CallAKeyTheyNeverHadNotFoundAndNotErased) {
  const auto sealed = keys->seal(ann, anns).value();
  auto other_disk = MemoryVfs::create();
  auto others = SubjectKeys::open({.file = "keys", .memory = other_disk.get()}, {.master = provider}).value();
  ASSERT_TRUE(others->erase(ann));
  EXPECT_EQ(others->unseal(sealed).error().code(), Errc::not_found);
}

TEST_F(SubjectKeysTest, RefuseSubjectsAndValuesOutOfBounds) {
  const auto refused = [](const auto& result) { return !result && result.error().code() == Errc::invalid; };
  EXPECT_TRUE(refused(keys->seal(SubjectId{""}, anns)));
  EXPECT_TRUE(refused(keys->seal(SubjectId{std::string(256, 'a')}, anns)));
  EXPECT_TRUE(keys->seal(SubjectId{std::string(255, 'a')}, anns));
  EXPECT_TRUE(refused(keys->erase(SubjectId{""})));
  EXPECT_TRUE(refused(keys->readmit(SubjectId{""})));
  EXPECT_TRUE(refused(keys->seal(std::span<const SubjectId>{}, anns)));
  EXPECT_TRUE(refused(keys->seal(std::array{ann, bob, ann}, anns)));
  std::vector<SubjectId> many;
  for (int i = 0; i < 65; ++i) many.push_back({"person-" + std::to_string(i)});
  EXPECT_TRUE(refused(keys->seal(many, anns)));
  many.pop_back();
  EXPECT_EQ(*keys->unseal(keys->seal(many, anns).value()).value(), anns);
  EXPECT_TRUE(refused(keys->seal(ann, std::string((16U << 20U) + 1, 'x'))));
  EXPECT_TRUE(refused(keys->unseal(Sealed<Contact>{})));
}

TEST_F(SubjectKeysTest, DoNotNameTheSubjectInMessages) {
  ASSERT_TRUE(keys->erase(ann));
  EXPECT_EQ(keys->seal(ann, anns).error().message().find(ann.text), std::string::npos);
}

TEST_F(SubjectKeysTest, HandOnWhatTheProviderSaysAndKeepNothingOfIt) {
  const auto sealed = keys->seal(ann, anns).value();
  open();
  const Error down{Errc::unavailable, "the key service does not answer"};
  provider.fail_with(&down);
  EXPECT_EQ(keys->unseal(sealed).error(), down);
  EXPECT_EQ(keys->seal(bob, anns).error(), down);
  EXPECT_EQ(keys->prepare(std::array{bob}).error(), down);
  provider.set_newest("k2");
  EXPECT_EQ(keys->rewrap().error(), down);
  provider.fail_with(nullptr);
  EXPECT_EQ(*keys->unseal(sealed).value(), anns);
  EXPECT_TRUE(keys->seal(bob, anns));
}

TEST_F(SubjectKeysTest, EraseASubjectWhoseKeyIsBeingUnwrapped) {
  const auto sealed = keys->seal(ann, anns).value();
  open();
  bool erased = false;
  provider.on_unwrap([&] {
    if (!std::exchange(erased, true)) {
      ASSERT_TRUE(keys->erase(ann));
    }
  });
  EXPECT_FALSE(keys->unseal(sealed).value());
  EXPECT_TRUE(erased);
  EXPECT_FALSE(keys->unseal(sealed).value()) << "the key that was under way is in the cache";
}

TEST_F(SubjectKeysTest, TagBlindlyWithEqualTagsForEqualValues) {
  const BlindTag tag{.name = "email", .value = "ann@example.org"};
  const std::string made = keys->blind_tag(tag).value();
  EXPECT_EQ(made.size(), 6 + 32U);
  EXPECT_TRUE(made.starts_with("email:"));
  EXPECT_EQ(made.find("ann"), std::string::npos);
  EXPECT_NE(made, keys->blind_tag({.name = "email", .value = "bob@example.org"}).value());
  EXPECT_NE(made.substr(6), keys->blind_tag({.name = "login", .value = "ann@example.org"}).value().substr(6));
  // Where name and value meet is part of it.
  EXPECT_NE(keys->blind_tag({.name = "a", .value = "bc"}).value().substr(2),
            keys->blind_tag({.name = "ab", .value = "c"}).value().substr(3));
  ASSERT_TRUE(keys->erase(ann));
  open();
  EXPECT_EQ(keys->blind_tag(tag).value(), made);
  for (const BlindTag& wrong : {BlindTag{.name = "", .value = "a"}, BlindTag{.name = "a", .value = ""}}) {
    EXPECT_EQ(keys->blind_tag(wrong).error().code(), Errc::invalid);
  }
  EXPECT_EQ(keys->blind_tag({.name = std::string(201, 'a'), .value = "a"}).error().code(), Errc::invalid);
}

TEST_F(SubjectKeysTest, AreWrappedAgainByANewerMasterKey) {
  std::vector<Sealed<Contact>> sealed;
  for (int i = 0; i < 600; ++i) {
    sealed.push_back(keys->seal(SubjectId{"person-" + std::to_string(i)}, anns).value());
  }
  ASSERT_TRUE(keys->erase(SubjectId{"person-3"}));
  EXPECT_EQ(keys->rewrap().value(), 0U);
  provider.set_newest("k2");
  EXPECT_EQ(keys->rewrap().value(), 600U) << "599 keys that are there, and the blind one";
  EXPECT_EQ(keys->rewrap().value(), 0U);
  EXPECT_EQ(disk->read_file("keys-journal").value_or(Bytes{}), Bytes{});
  const Bytes content = disk->read_file("keys").value();
  const auto made = provider.made();
  for (std::size_t i = 0; i < 601; ++i) {
    EXPECT_TRUE(std::ranges::search(content, made[i].wrapped).empty()) << "an old key stands in the file: " << i;
  }
  EXPECT_FALSE(std::ranges::search(content, made[700].wrapped).empty()) << "the scan finds nothing at all";
  const std::string tag = keys->blind_tag({.name = "a", .value = "b"}).value();
  open();
  EXPECT_EQ(keys->blind_tag({.name = "a", .value = "b"}).value(), tag);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    EXPECT_EQ(keys->unseal(sealed[i]).value().has_value(), i != 3) << i;
  }
}

TEST_F(SubjectKeysTest, ServeAnEventFromAppendToErasure) {
  test::MemoryStore store;
  const StreamId stream{"customer-7"};
  const Registered event{"gold", keys->seal(ann, anns).value()};
  ASSERT_TRUE(store->append(stream, ExpectedRevision::no_stream(), store->new_event(event).value()));
  const auto read = [&] {
    const auto events = store->read_stream(stream).collect().value();
    return Codec<Registered>::decode(events[0].type, 1, events[0].content_type, events[0].data).value();
  };
  EXPECT_EQ(*keys->unseal(read().contact).value(), anns);
  ASSERT_TRUE(keys->erase(ann));
  EXPECT_EQ(read().plan, "gold");
  EXPECT_FALSE(keys->unseal(read().contact).value());
}

}  // namespace
}  // namespace cairn
