#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "fault/fault_store.hpp"
#include "fault/flip_subject.hpp"
#include "fault/log_agreement.hpp"
#include "fault/store_workload.hpp"
#include "fault/told_ledger.hpp"
#include "support/long_run.hpp"

namespace cairn {
namespace {

using test::FaultStore;
using test::FlipSubject;
using test::LogAgreement;
using test::StoreWorkload;
using test::ToldLedger;

constexpr std::uint64_t page_bytes = 8192;
constexpr std::uint64_t page_bits = page_bytes * 8;

const FlipSubject& subject() {
  static const FlipSubject made;
  return made;
}

void flip(Bytes& bytes, std::uint64_t bit) { bytes[bit / 8] ^= std::byte(1U << (bit % 8)); }

// What is wrong with the answers of a store with that bit of its file flipped.
std::string undetected(std::uint64_t bit) {
  Bytes damaged = subject().file();
  flip(damaged, bit);
  auto disk = MemoryVfs::create();
  disk->replace_file("store.db", damaged);
  return subject().undetected(*disk);
}

// All bits of a page in the long run; otherwise those of its headers and a sample.
void flip_page(std::uint32_t page, std::uint64_t sample) {
  const std::uint64_t first = (page - 1) * page_bits;
  if (test::long_run()) {
    for (std::uint64_t bit = first; bit < first + page_bits; ++bit) ASSERT_EQ(undetected(bit), "") << "bit " << bit;
    return;
  }
  SeededRandom random{page};
  for (std::uint64_t i = 0; i < sample; ++i) {
    const std::uint64_t bit = first + (i % 2 == 0 ? random.below(800) : random.below(page_bits));
    ASSERT_EQ(undetected(bit), "") << "bit " << bit;
  }
}

TEST(BitFlips, TheSubjectHasPagesOfEveryKindAndAnswersEveryCall) {
  for (const char* kind :
       {"chunk leaf", "chunk overflow", "payload leaf", "payload overflow", "stream leaf", "stream internal",
        "sqlite_autoindex_stream_1 leaf", "sqlite_autoindex_stream_1 internal", "stream_index leaf", "posting leaf",
        "posting internal", "event_id leaf", "event_id internal", "event_type leaf", "category leaf", "tail leaf",
        "store leaf", "schema_migration leaf", "pointer map"}) {
    EXPECT_TRUE(subject().pages().contains(kind)) << kind;
  }
  EXPECT_EQ(subject().answers().size(), 24U);
  for (const auto& [call, answer] : subject().answers()) EXPECT_NE(answer, "") << call;
  auto disk = MemoryVfs::create();
  disk->replace_file("store.db", subject().file());
  EXPECT_EQ(FlipSubject::ask(*disk), subject().answers());
}

TEST(BitFlips, InTheFirstPageAreErrorsOrChangeNoAnswer) { flip_page(1, 100); }

TEST(BitFlips, InAPageOfEveryKindAreErrorsOrChangeNoAnswer) {
  for (const auto& [kind, page] : subject().pages()) {
    SCOPED_TRACE(kind);
    flip_page(page, 10);
    if (HasFailure()) return;
  }
}

TEST(BitFlips, AnywhereAreErrorsOrChangeNoAnswer) {
  SeededRandom random{1};
  const std::uint64_t bits = subject().file().size() * 8;
  for (int i = 0; i < (test::long_run() ? 20'000 : 200); ++i) {
    const std::uint64_t bit = random.below(bits);
    ASSERT_EQ(undetected(bit), "") << "bit " << bit;
  }
}

// Sizes of the log after each commit, and what it held in the end.
struct Commits {
  std::unique_ptr<MemoryVfs> disk;  // as the process left it: most of the log is in the write-ahead log alone
  std::vector<std::size_t> sizes{0};
  std::vector<OwnedEvent> log;
};

const Commits& commits() {
  static const Commits made = [] {
    Commits left;
    FaultStore store;
    ToldLedger ledger;
    StoreWorkload workload{store, ledger};
    while (left.sizes.size() < 40) {
      workload.append_one();
      left.sizes.push_back(static_cast<std::size_t>(store.store().head().value));
    }
    left.log = store.store().read_all({.filter = {.system = true}}).collect().value();
    left.disk = store.disk().clone();
    return left;
  }();
  return made;
}

// What is wrong with a store whose write-ahead log is `wal`: it may be shorter by whole commits, and nothing else.
std::string wrong_with(const Bytes& wal, std::size_t& kept) {
  auto disk = commits().disk->clone();
  disk->replace_file("store.db-wal", wal);
  FaultStore store{std::move(disk)};
  if (auto opened = store.open(); !opened) return "";  // detected
  LogAgreement agreement{store.store()};
  if (auto wrong = agreement.check_with_verify(); !wrong.empty()) return wrong;
  const auto& log = agreement.log();
  kept = log.size();
  if (std::ranges::find(commits().sizes, kept) == commits().sizes.end()) return "a part of a commit is left";
  return std::equal(log.begin(), log.end(), commits().log.begin()) ? "" : "what is left is not what was written";
}

TEST(BitFlips, InTheWriteAheadLogLeaveWholeCommitsFromTheBeginning) {
  const Bytes wal = *commits().disk->read_file("store.db-wal");
  SeededRandom random{2};
  std::size_t shorter = 0;
  for (int i = 0; i < (test::long_run() ? 20'000 : 200); ++i) {
    // Every other one in a header, where the log's own fields are.
    constexpr std::uint64_t frame_bytes = page_bytes + 24;
    const std::uint64_t frame = random.below((wal.size() - 32) / frame_bytes);
    const std::uint64_t bit = i % 2 == 0    ? random.below(wal.size() * 8)
                              : i % 10 == 1 ? random.below(std::uint64_t{32} * 8)
                                            : (32 + frame * frame_bytes) * 8 + random.below(std::uint64_t{24} * 8);
    Bytes damaged = wal;
    flip(damaged, bit);
    std::size_t kept = commits().log.size();
    ASSERT_EQ(wrong_with(damaged, kept), "") << "bit " << bit;
    shorter += kept < commits().log.size() ? 1 : 0;
  }
  EXPECT_GT(shorter, 50U);
}

TEST(CutLog, LeavesWholeCommitsFromTheBeginning) {
  const Bytes wal = *commits().disk->read_file("store.db-wal");
  std::size_t before = 0;
  for (std::size_t size = 0; size <= wal.size(); size += test::long_run() ? 97 : 4'001) {
    std::size_t kept = commits().log.size();
    ASSERT_EQ(wrong_with({wal.begin(), wal.begin() + static_cast<std::ptrdiff_t>(size)}, kept), "") << size << " bytes";
    EXPECT_GE(kept, before) << "a longer log holds less";
    before = kept;
  }
  EXPECT_EQ(before, commits().log.size());
}

}  // namespace
}  // namespace cairn
