#include <cairn/core/random.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/secure_random.hpp>

namespace cairn {
namespace {

struct FailingEntropy final : SecureRandom {
  Result<void> fill(std::span<std::byte>) override { return Error{Errc::unavailable, "no entropy"}; }
};
struct ConstantEntropy final : SecureRandom {
  explicit ConstantEntropy(std::byte b) : byte{b} {}
  Result<void> fill(std::span<std::byte> out) override {
    std::ranges::fill(out, byte);
    return {};
  }
  std::byte byte;
};

/// Answers what the test wants drawn, in order.
struct ScriptedRandom final : Random {
  explicit ScriptedRandom(std::vector<std::uint64_t> numbers) : left{std::move(numbers)} {}
  std::uint64_t next() override {
    const std::uint64_t first = left.at(0);
    left.erase(left.begin());
    return first;
  }
  std::vector<std::uint64_t> left;
};

// From the authors' reference code (prng.di.unimi.it), SplitMix64 state filled from seed 0.
TEST(SeededRandom, MatchesTheReferenceGenerator) {
  SeededRandom random{0};
  EXPECT_EQ(random.next(), 0x99EC5F36CB75F2B4U);
  EXPECT_EQ(random.next(), 0xBF6E1F784956452AU);
  EXPECT_EQ(random.next(), 0x1A5F849D4933E6E0U);
}

TEST(SeededRandom, SameSeedSameNumbersOtherSeedOthers) {
  SeededRandom one{42};
  SeededRandom two{42};
  SeededRandom other{43};
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t n = one.next();
    EXPECT_EQ(n, two.next());
    equal += n == other.next() ? 1 : 0;
  }
  EXPECT_EQ(equal, 0);
}

TEST(SeededRandom, EntropyFillsTheWholeState) {
  OpenSslRandom entropy;
  SeededRandom one = SeededRandom::from_entropy(entropy).value();
  SeededRandom two = SeededRandom::from_entropy(entropy).value();
  EXPECT_NE(one.next(), two.next());
}

TEST(SeededRandom, NoEntropyIsAnError) {
  FailingEntropy failing;
  EXPECT_EQ(SeededRandom::from_entropy(failing).error().code(), Errc::unavailable);
  ConstantEntropy zeros{std::byte{0}};
  EXPECT_EQ(SeededRandom::from_entropy(zeros).error().code(), Errc::unavailable);
  ConstantEntropy ones{std::byte{1}};
  EXPECT_TRUE(SeededRandom::from_entropy(ones).has_value());
}

TEST(Random, BelowReachesEveryNumberAndNoOther) {
  SeededRandom random{1};
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i) ++seen.at(random.below(6));
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, BelowDrawsAgainWhereTheRemainderWouldBeBiased) {
  // 2^64 mod 3 is 1: of all numbers only 0 is one too many.
  ScriptedRandom random{{0, 5}};
  EXPECT_EQ(random.below(3), 2U);
  EXPECT_TRUE(random.left.empty());
}

TEST(Random, UnitStaysBelowOne) {
  ScriptedRandom random{{0, ~std::uint64_t{0}, std::uint64_t{1} << 63}};
  EXPECT_EQ(random.unit(), 0.0);
  EXPECT_LT(random.unit(), 1.0);
  EXPECT_EQ(random.unit(), 0.5);
}

TEST(RandomDeathTest, BelowZeroIsAMistake) {
  SeededRandom random{1};
  EXPECT_DEATH((void)random.below(0), "Random::below\\(0\\)");
}

TEST(OpenSslRandom, FillsAllOfTheBuffer) {
  OpenSslRandom entropy;
  // Each byte stays 0 in one of 256 fills; in 8 fills of 64 bytes none does, but once in 2^58 runs.
  std::array<std::byte, 64> any{};
  for (int i = 0; i < 8; ++i) {
    std::array<std::byte, 64> drawn{};
    ASSERT_TRUE(entropy.fill(drawn).has_value());
    for (std::size_t place = 0; place < drawn.size(); ++place) any.at(place) |= drawn.at(place);
  }
  EXPECT_EQ(std::ranges::count(any, std::byte{0}), 0);
  EXPECT_TRUE(entropy.fill({}).has_value());
}

}  // namespace
}  // namespace cairn
