// What is left of a subject's keys and data in the files of a service after an erase.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/jsonl.hpp>
#include <cairn/eventstore/subject_keys.hpp>

#include "erasure/byte_scan.hpp"
#include "erasure/customer.hpp"
#include "erasure/recording_provider.hpp"
#include "support/memory_store.hpp"
#include "support/scratch_folder.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::Contact;
using test::files_with;
using test::Registered;
using Names = std::vector<std::string>;

const SubjectId ann{"person-ann-7"};
const SubjectId bob{"person-bob-8"};
const std::string address = "ann.of.the.long.address@example.org";

TEST(ErasedBytes, OfKeyAndPlainTextAreInNoFileOfTheService) {
  const test::ScratchFolder folder;
  test::RecordingProvider provider;
  auto database = Database::open({.file = folder / "bank.db"}).value();
  auto events = EventStore::open(*database).value();
  auto keys = SubjectKeys::open({.file = folder / "bank.db-keys"}, {.master = provider}).value();

  // Enough for several chunks, seals and leaf pages of keys; the two in the midst of others.
  std::vector<NewEvent> batch;
  std::vector<SubjectId> subjects;
  for (int i = 0; i < 600; ++i) subjects.push_back({"person-" + std::to_string(i)});
  subjects[300] = ann;
  subjects[301] = bob;
  ASSERT_TRUE(keys->prepare(subjects));
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const Contact contact{"Somebody", i == 300 ? address : "other@example.org"};
    batch.push_back(events->new_event(Registered{"gold", keys->seal(subjects[i], contact).value()}).value());
  }
  ASSERT_TRUE(events->append(StreamId{"customers"}, ExpectedRevision::no_stream(), batch));
  const auto made = provider.made();
  const auto [anns_key, anns_wrapped] = made.at(301);  // the first is the blind key
  const auto [bobs_key, bobs_wrapped] = made.at(302);

  // The scan finds what is there: the wrapped key, and only that.
  EXPECT_EQ(files_with(folder.path(), anns_wrapped), Names{"bank.db-keys"});
  EXPECT_EQ(files_with(folder.path(), anns_key), Names{});
  EXPECT_EQ(files_with(folder.path(), as_bytes(address)), Names{});
  EXPECT_EQ(files_with(folder.path(), as_bytes(ann.text)), Names{}) << "the subject's id is stored in plain";
  EXPECT_FALSE(files_with(folder.path(), as_bytes("\"plan\":\"gold\"")).empty());

  ASSERT_EQ(keys->erase(ann).value().outcome, EraseReport::Outcome::key_destroyed);
  ASSERT_TRUE(events->backup(folder / "backup.db"));
  {
    std::ofstream lines{folder / "export.jsonl", std::ios::binary};
    ASSERT_TRUE(export_jsonl(*events, lines));
  }
  EXPECT_TRUE(std::ranges::count(files_with(folder.path(), as_bytes("customers")), "backup.db"));
  for (int closed = 0; closed < 2; ++closed) {
    EXPECT_EQ(files_with(folder.path(), anns_wrapped), Names{});
    EXPECT_EQ(files_with(folder.path(), anns_key), Names{});
    EXPECT_EQ(files_with(folder.path(), as_bytes(address)), Names{});
    EXPECT_EQ(files_with(folder.path(), bobs_wrapped), Names{"bank.db-keys"});
    EXPECT_EQ(files_with(folder.path(), bobs_key), Names{});
    keys.reset();
    events.reset();
    database.reset();
  }
}

// Whatever was done in whatever order: no file of any disk that a power loss could leave has a byte of an erased key.
TEST(ErasedBytes, AreGoneAfterAnySequenceOfCallsAndAnyPowerLoss) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    auto disk = MemoryVfs::create({.track_durability = true});
    test::RecordingProvider provider;
    auto keys = SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = provider}).value();
    std::vector<std::pair<SubjectId, std::size_t>> alive;  // and where its key stands in what the provider made
    std::vector<Bytes> dead;
    std::uint64_t named = 0;
    for (int step = 0; step < 150; ++step) {
      const std::uint64_t dice = random.below(20);
      if (dice < 11 || alive.empty()) {
        const SubjectId subject{"person-" + std::to_string(named++) + std::string(random.below(200), 'x')};
        const std::size_t number = provider.made().size();
        ASSERT_TRUE(keys->seal(subject, "x"));
        alive.emplace_back(subject, number);
      } else if (dice < 18) {
        const std::size_t chosen = random.below(alive.size());
        const auto made = provider.made().at(alive[chosen].second);
        dead.push_back(made.plain);
        dead.push_back(made.wrapped);
        ASSERT_EQ(keys->erase(alive[chosen].first).value().outcome, EraseReport::Outcome::key_destroyed);
        if (random.below(3) == 0) {
          ASSERT_TRUE(keys->readmit(alive[chosen].first).value());
        }
        alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(chosen));
      } else if (dice < 19) {
        keys.reset();
        keys = SubjectKeys::open({.file = "keys", .memory = disk.get()}, {.master = provider}).value();
      }
      if (step % 10 != 9) continue;
      const auto image = disk->crash({.seed = seed * 1'000 + static_cast<std::uint64_t>(step)});
      for (const Bytes& bytes : dead) {
        ASSERT_EQ(files_with(*disk, bytes), Names{}) << "step " << step;
        ASSERT_EQ(files_with(*image, bytes), Names{}) << "after a power loss at step " << step;
      }
      for (const auto& [subject, number] : alive) {
        ASSERT_EQ(files_with(*image, provider.made().at(number).wrapped), Names{"keys"}) << "step " << step;
      }
    }
    EXPECT_GT(dead.size(), 10U);
  }
}

}  // namespace
}  // namespace cairn
