#include <cairn/cqrs/warm_cache.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace cairn::detail {
namespace {

const StreamId ann{"account-ann"};
const StreamId ben{"account-ben"};
const StreamId cat{"account-cat"};

WarmCache::Entry entry(std::uint64_t revision, std::size_t bytes = 0, std::uint64_t epoch = 0) {
  return {.state = std::make_shared<const std::uint64_t>(revision),
          .revision = Revision{revision},
          .epoch = epoch,
          .bytes = bytes};
}

std::uint64_t kept(WarmCache& cache, const StreamId& stream, std::uint64_t epoch = 0) {
  const auto state = std::static_pointer_cast<const std::uint64_t>(cache.find(stream, epoch));
  return state == nullptr ? 0 : *state;
}

TEST(WarmCache, KeepsWhatWasUsedLastWithinItsEntries) {
  WarmCache cache{{.entries = 2, .bytes = 1U << 20U}};
  cache.put(ann, entry(1));
  cache.put(ben, entry(2));
  EXPECT_EQ(kept(cache, ann), 1U);
  cache.put(cat, entry(3));
  EXPECT_EQ(kept(cache, ann), 1U);
  EXPECT_EQ(kept(cache, ben), 0U) << "not asked for longest";
  EXPECT_EQ(kept(cache, cat), 3U);
  EXPECT_EQ(cache.entries(), 2U);
}

TEST(WarmCache, KeepsWhatWasUsedLastWithinItsBytes) {
  WarmCache cache{{.entries = 100, .bytes = 10'000}};
  cache.put(ann, entry(1, 4'000));
  cache.put(ben, entry(2, 4'000));
  EXPECT_LE(cache.bytes(), 10'000U);
  cache.put(cat, entry(3, 4'000));
  EXPECT_EQ(cache.entries(), 2U);
  EXPECT_LE(cache.bytes(), 10'000U);
  EXPECT_EQ(kept(cache, ann), 0U);
  cache.put(cat, entry(4, 10'000));
  EXPECT_EQ(kept(cache, cat), 0U) << "larger than all may be, and the older one is none any more";
  EXPECT_EQ(kept(cache, ben), 2U);
  cache.drop(ben, Revision{2});
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(WarmCache, OfNoEntriesKeepsNothing) {
  WarmCache cache{{.entries = 0, .bytes = 1U << 20U}};
  cache.put(ann, entry(1));
  EXPECT_EQ(cache.entries(), 0U);
}

TEST(WarmCache, DoesNotGoBackToAnOlderRevisionOrEpoch) {
  WarmCache cache{{.entries = 2, .bytes = 1U << 20U}};
  cache.put(ann, entry(5));
  cache.put(ann, entry(4));
  EXPECT_EQ(kept(cache, ann), 5U);
  cache.drop(ann, Revision{4});
  EXPECT_EQ(kept(cache, ann), 5U) << "somebody put a newer one";
  cache.put(ann, entry(3, 0, 1));
  EXPECT_EQ(kept(cache, ann, 1), 3U) << "of a later epoch";
  cache.put(ann, entry(9, 0, 0));
  EXPECT_EQ(kept(cache, ann, 1), 3U);
}

TEST(WarmCache, FindsNothingOfAnEarlierEpoch) {
  WarmCache cache{{.entries = 2, .bytes = 1U << 20U}};
  cache.put(ann, entry(5));
  EXPECT_EQ(cache.find(ann, 1), nullptr);
  EXPECT_EQ(cache.entries(), 0U);
}

}  // namespace
}  // namespace cairn::detail
