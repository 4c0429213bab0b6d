#include "sql/page_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

namespace cairn {
namespace {

constexpr std::size_t ways = 8;
constexpr std::size_t one_set = ways * PageCache::page_bytes;

/// A page that is full of its number and the version it was written with.
auto bytes_of(std::uint32_t page, std::uint32_t version) {
  return [page, version](std::byte* out) {
    const std::uint64_t content = (std::uint64_t{page} << 32U) | version;
    for (std::size_t at = 0; at < PageCache::page_bytes; at += sizeof content) {
      std::memcpy(out + at, &content, sizeof content);
    }
    return true;
  };
}

std::uint64_t content_of(const std::byte* bytes) {
  std::uint64_t content = 0;
  std::memcpy(&content, bytes + PageCache::page_bytes - sizeof content, sizeof content);
  return content;
}

TEST(PageCache, GivesWhatItWasFilledWith) {
  PageCache cache{one_set};
  EXPECT_EQ(cache.pin(7), nullptr);
  const std::byte* filled = cache.pin(7, bytes_of(7, 1));
  ASSERT_NE(filled, nullptr);
  EXPECT_EQ(cache.pin(7), filled);
  EXPECT_EQ(content_of(filled), (std::uint64_t{7} << 32U) | 1U);
}

TEST(PageCache, KeepsNothingOfAFillThatFailed) {
  PageCache cache{one_set};
  EXPECT_EQ(cache.pin(7, [](std::byte*) { return false; }), nullptr);
  EXPECT_EQ(cache.pin(7), nullptr);
  EXPECT_NE(cache.pin(7, bytes_of(7, 1)), nullptr);
}

TEST(PageCache, LendsNoPageThatSomebodyElseIsStillFilling) {
  PageCache cache{one_set};
  const std::byte* filled = cache.pin(7, [&cache](std::byte* out) {
    EXPECT_EQ(cache.pin(7), nullptr);
    EXPECT_EQ(cache.pin(7, bytes_of(7, 2)), nullptr);
    return bytes_of(7, 1)(out);
  });
  EXPECT_NE(filled, nullptr);
}

TEST(PageCache, ForgottenPageIsBroughtInAgainAndTheLentOneStays) {
  PageCache cache{one_set};
  const std::byte* old = cache.pin(7, bytes_of(7, 1));
  cache.forget(7);
  EXPECT_EQ(cache.pin(7), nullptr);
  const std::byte* fresh = cache.pin(7, bytes_of(7, 2));
  ASSERT_NE(fresh, nullptr);
  EXPECT_EQ(content_of(old), (std::uint64_t{7} << 32U) | 1U);
  EXPECT_EQ(content_of(fresh), (std::uint64_t{7} << 32U) | 2U);
}

TEST(PageCache, GivesWayToNewPagesButNeverALentOne) {
  PageCache cache{one_set};
  const std::byte* kept = cache.pin(1, bytes_of(1, 1));
  for (std::uint32_t page = 2; page < 100; ++page) {
    const std::byte* bytes = cache.pin(page, bytes_of(page, 1));
    ASSERT_NE(bytes, nullptr);
    EXPECT_NE(bytes, kept);
    cache.unpin(page, bytes);
  }
  EXPECT_EQ(cache.pin(1), kept);
  EXPECT_EQ(content_of(kept), (std::uint64_t{1} << 32U) | 1U);
}

TEST(PageCache, KeepsWhatIsUsedAgainWhileAScanPassesThrough) {
  PageCache cache{one_set};
  for (std::uint32_t page = 1; page <= ways / 2; ++page) cache.unpin(page, cache.pin(page, bytes_of(page, 1)));
  for (std::uint32_t page = 100; page < 200; ++page) {
    const std::byte* bytes = cache.pin(page, bytes_of(page, 1), PageCache::Use::once);
    ASSERT_NE(bytes, nullptr);
    cache.unpin(page, bytes);
  }
  for (std::uint32_t page = 1; page <= ways / 2; ++page) EXPECT_NE(cache.pin(page), nullptr) << "page " << page;
}

TEST(PageCache, LendsNoMoreThanItHolds) {
  PageCache cache{one_set};
  std::vector<const std::byte*> lent;
  for (std::uint32_t page = 1; page <= ways; ++page) lent.push_back(cache.pin(page, bytes_of(page, 1)));
  EXPECT_EQ(cache.pin(ways + 1, bytes_of(ways + 1, 1)), nullptr);
  cache.unpin(3, lent[2]);
  EXPECT_NE(cache.pin(ways + 1, bytes_of(ways + 1, 1)), nullptr);
  EXPECT_EQ(cache.pin(3), nullptr);
}

TEST(PageCache, OfNoSizeHoldsNothing) {
  PageCache cache{PageCache::page_bytes};
  EXPECT_EQ(cache.pin(1, bytes_of(1, 1)), nullptr);
  cache.forget(1);
  cache.forget_all();
  EXPECT_EQ(cache.pin(1), nullptr);
}

// The model: what each page holds now. A page that is written is forgotten, so no look-up may give an older version;
// what was lent before keeps its own.
TEST(PageCache, NeverGivesAnOldVersionNorMovesWhatIsLent) {
  constexpr std::uint32_t pages = 60;
  struct Lent {
    std::uint32_t page;
    const std::byte* bytes;
    std::uint64_t content;
  };
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SeededRandom random{seed};
    PageCache cache{3 * one_set};
    std::map<std::uint32_t, std::uint32_t> versions;
    std::vector<Lent> lent;
    for (int step = 0; step < 2'000; ++step) {
      const auto page = static_cast<std::uint32_t>(1 + random.below(pages));
      const std::uint64_t now = (std::uint64_t{page} << 32U) | versions[page];
      switch (random.below(8)) {
        case 0:
          cache.forget(page);
          ++versions[page];
          break;
        case 1:
          if (random.below(40) == 0) cache.forget_all();
          break;
        case 2:
        case 3:
        case 4:
          if (lent.empty()) break;
          std::swap(lent[random.below(lent.size())], lent.back());
          ASSERT_EQ(content_of(lent.back().bytes), lent.back().content) << "seed " << seed << " step " << step;
          cache.unpin(lent.back().page, lent.back().bytes);
          lent.pop_back();
          break;
        default:
          if (const std::byte* bytes = cache.pin(page, bytes_of(page, versions[page]))) {
            ASSERT_EQ(content_of(bytes), now) << "seed " << seed << " step " << step;
            lent.push_back({page, bytes, now});
          }
      }
    }
  }
}

}  // namespace
}  // namespace cairn
