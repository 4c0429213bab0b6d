#include <cairn/core/retry_policy.hpp>

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "support/seed.hpp"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr Errc all_codes[] = {Errc::conflict,        Errc::already_exists, Errc::unavailable,    Errc::timeout,
                              Errc::outcome_unknown, Errc::fenced,         Errc::storage_full,   Errc::busy_owner,
                              Errc::rejected,        Errc::invalid,        Errc::too_broad,      Errc::not_found,
                              Errc::stream_deleted,  Errc::unknown_schema, Errc::handler_failed, Errc::corrupt,
                              Errc::cancelled};

struct CeilingCase {
  Backoff backoff;
  std::uint32_t failed;
  microseconds expected;
};

TEST(Backoff, CeilingDoublesUpToTheCapAndNeverOverflows) {
  constexpr microseconds most{std::numeric_limits<std::int64_t>::max()};
  for (const auto& [backoff, failed, expected] : {
           CeilingCase{exponential(1s, 60s), 1, 1s},
           CeilingCase{exponential(1s, 60s), 2, 2s},
           CeilingCase{exponential(1s, 60s), 6, 32s},
           CeilingCase{exponential(1s, 60s), 7, 60s},
           CeilingCase{exponential(1s, 60s), 64, 60s},
           CeilingCase{exponential(1s, 60s), 4'294'967'295U, 60s},
           CeilingCase{exponential(1s, 60s), 0, 1s},
           CeilingCase{exponential(1us, most), 62, microseconds{std::int64_t{1} << 61}},
           CeilingCase{exponential(1us, most), 63, microseconds{std::int64_t{1} << 62}},
           CeilingCase{exponential(1us, most), 64, most},
           CeilingCase{exponential(most, most), 2, most},
           CeilingCase{exponential(3us, most), 62, microseconds{std::int64_t{3} << 61}},
           CeilingCase{exponential(3us, most), 63, most},
           CeilingCase{exponential(60s, 1s), 1, 1s},
           CeilingCase{exponential(-1s, 60s), 5, 0s},
           CeilingCase{exponential(1s, -60s), 5, 0s},
           CeilingCase{immediate(), 100, 0s},
       }) {
    EXPECT_EQ(backoff.ceiling(Attempt{failed}), expected)
        << backoff.base.count() << " us to " << backoff.cap.count() << " us after attempt " << failed;
  }
}

TEST(Backoff, DelayIsSpreadOverAllOfTheCeiling) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    const Backoff backoff = exponential(1s, 60s);
    microseconds least = microseconds::max();
    microseconds most{};
    microseconds sum{};
    for (int i = 0; i < 1000; ++i) {
      const microseconds delay = backoff.delay(Attempt{3}, random);
      ASSERT_GE(delay, 0us);
      ASSERT_LE(delay, 4s);
      least = std::min(least, delay);
      most = std::max(most, delay);
      sum += delay;
    }
    EXPECT_LT(least, 100ms) << "full jitter begins at zero";
    EXPECT_GT(most, 3900ms);
    EXPECT_NEAR(static_cast<double>(sum.count()) / 1000.0, 2e6, 2e5);
  }
}

TEST(Backoff, DelayReachesBothEnds) {
  SeededRandom random{1};
  bool zero = false;
  bool one = false;
  for (int i = 0; i < 100; ++i) {
    const microseconds delay = exponential(1us, 1us).delay(Attempt::first(), random);
    zero |= delay == 0us;
    one |= delay == 1us;
  }
  EXPECT_TRUE(zero && one);
  constexpr microseconds most{std::numeric_limits<std::int64_t>::max()};
  EXPECT_GE(exponential(most, most).delay(Attempt::first(), random), 0us);
}

TEST(RetryPolicy, AllowsExactlyItsAttempts) {
  SeededRandom random{1};
  const RetryPolicy policy{.max_attempts = 3, .backoff = exponential(1s, 60s), .decisions = {}};
  const Error down{Errc::unavailable, "dial"};
  EXPECT_TRUE(policy.next_delay(Attempt{1}, down, random).has_value());
  EXPECT_TRUE(policy.next_delay(Attempt{2}, down, random).has_value());
  EXPECT_FALSE(policy.next_delay(Attempt{3}, down, random).has_value());
  EXPECT_FALSE(policy.next_delay(Attempt{4}, down, random).has_value());
  EXPECT_FALSE((RetryPolicy{.max_attempts = 0, .backoff = {}, .decisions = {}}).next_delay(Attempt{1}, down, random));
}

TEST(RetryPolicy, RetriesOnlyWhatItsTableSays) {
  SeededRandom random{1};
  const RetryPolicy policy;
  for (const Errc code : all_codes) {
    EXPECT_EQ(policy.next_delay(Attempt::first(), Error{code, "x"}, random).has_value(),
              policy.decision(Error{code, "x"}) == RetryDecision::retry)
        << to_string(code);
  }
}

TEST(RetryTable, FollowsTheReactionOfEachCode) {
  const RetryTable table;
  const auto codes_with = [&](RetryDecision decision) {
    std::vector<Errc> codes;
    std::ranges::copy_if(all_codes, std::back_inserter(codes), [&](Errc code) { return table[code] == decision; });
    return codes;
  };
  EXPECT_EQ(codes_with(RetryDecision::retry),
            (std::vector{Errc::conflict, Errc::unavailable, Errc::timeout, Errc::storage_full, Errc::handler_failed}));
  EXPECT_EQ(codes_with(RetryDecision::park), (std::vector{Errc::invalid, Errc::too_broad, Errc::not_found,
                                                          Errc::stream_deleted, Errc::unknown_schema, Errc::corrupt}));
}

TEST(RetryTable, WithChangesOneCodeOfACopy) {
  const RetryTable usual;
  const RetryTable changed = usual.with(Errc::handler_failed, RetryDecision::give_up);
  for (const Errc code : all_codes) {
    EXPECT_EQ(changed[code], code == Errc::handler_failed ? RetryDecision::give_up : usual[code]) << to_string(code);
  }
  EXPECT_EQ(usual[Errc::handler_failed], RetryDecision::retry);
}

TEST(Attempt, CountsFromOneAndStopsAtTheLast) {
  EXPECT_EQ(Attempt{}.number(), 1U);
  EXPECT_EQ(Attempt::first().next(), Attempt{2});
  const Attempt last{std::numeric_limits<std::uint32_t>::max()};
  EXPECT_EQ(last.next(), last);
}

}  // namespace
}  // namespace cairn
