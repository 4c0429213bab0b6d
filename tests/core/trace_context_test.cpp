#include <cairn/core/trace_context.hpp>

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace cairn {
namespace {

// W3C Trace Context, section 3.2.3.
constexpr const char* sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr const char* unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TEST(TraceContext, ParseAndFormatRoundTrip) {
  for (const char* text : {sampled, unsampled}) EXPECT_EQ(TraceContext::parse(text).value().to_string(), text);
  EXPECT_TRUE(TraceContext::parse(sampled)->sampled());
  EXPECT_FALSE(TraceContext::parse(unsampled)->sampled());

  SeededRandom random{1};
  for (int i = 0; i < 500; ++i) {
    const TraceContext context = TraceContext::root(random, i % 2 == 0);
    EXPECT_EQ(TraceContext::parse(context.to_string()).value(), context);
  }
}

TEST(TraceContext, ParseRefusesEveryOtherCharacterAtEveryPlace) {
  const std::string good = sampled;
  for (std::size_t place = 0; place < good.size(); ++place) {
    for (const char wrong : {'A', 'F', 'g', ' ', '\0', '\xFF', good[place] == '-' ? '0' : '-'}) {
      std::string bad = good;
      bad[place] = wrong;
      const Result<TraceContext> parsed = TraceContext::parse(bad);
      ASSERT_FALSE(parsed.has_value()) << bad;
      EXPECT_EQ(parsed.error().code(), Errc::invalid);
      EXPECT_EQ(parsed.error().number("offset"), place);
    }
  }
}

struct HeaderCase {
  const char* name;
  std::string header;
  const char* becomes;  // nullptr: refused
};

class TraceContextHeader : public testing::TestWithParam<HeaderCase> {};

TEST_P(TraceContextHeader, IsReadAsTheRecommendationSays) {
  const auto& [name, header, becomes] = GetParam();
  const Result<TraceContext> parsed = TraceContext::parse(header);
  ASSERT_EQ(parsed.has_value(), becomes != nullptr);
  if (becomes == nullptr) {
    EXPECT_EQ(parsed.error().code(), Errc::invalid);
  } else {
    EXPECT_EQ(parsed->to_string(), becomes);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TraceContextHeader,
    testing::Values(
        HeaderCase{"Empty", "", nullptr}, HeaderCase{"Short", std::string{sampled}.substr(0, 54), nullptr},
        HeaderCase{"LongVersion00", std::string{sampled} + "-00", nullptr},
        HeaderCase{"TrailingSpace", std::string{sampled} + " ", nullptr},
        HeaderCase{"VersionFf", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", nullptr},
        HeaderCase{"ZeroTraceId", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", nullptr},
        HeaderCase{"ZeroParentId", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", nullptr},
        HeaderCase{"UnknownFlagsAreDropped", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", sampled},
        HeaderCase{"FlagsWithoutSampled", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe", unsampled},
        HeaderCase{"LaterVersion", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", sampled},
        HeaderCase{"LaterVersionLonger", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what.ever", sampled},
        HeaderCase{"LaterVersionWithoutDash", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what", nullptr}),
    [](const auto& test) { return std::string{test.param.name}; });

TEST(TraceContext, ChildKeepsTheTraceAndGetsASpanOfItsOwn) {
  SeededRandom random{1};
  const TraceContext parent = TraceContext::parse(sampled).value();
  std::set<std::string> seen{parent.to_string()};
  for (int i = 0; i < 100; ++i) {
    const TraceContext child = parent.child(random);
    EXPECT_EQ(child.trace_id(), parent.trace_id());
    EXPECT_EQ(child.sampled(), parent.sampled());
    EXPECT_TRUE(seen.insert(child.to_string()).second);
  }
}

/// All zero at first, as chance may have it.
struct ZerosFirst final : Random {
  std::uint64_t next() override { return drawn++ < 24 ? 0 : ~std::uint64_t{0}; }
  int drawn = 0;
};

TEST(TraceContext, AnIdIsNeverAllZero) {
  ZerosFirst random;
  const TraceContext context = TraceContext::root(random, true);
  EXPECT_TRUE(TraceContext::parse(context.to_string()).has_value()) << context.to_string();
}

}  // namespace
}  // namespace cairn
