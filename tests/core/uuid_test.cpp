#include <cairn/core/uuid.hpp>

#include <algorithm>
#include <string>
#include <unordered_set>

#include <openssl/evp.h>

#include <gtest/gtest.h>

#include <cairn/core/bytes.hpp>
#include <cairn/core/random.hpp>

namespace cairn {
namespace {

Uuid random_uuid(Random& random) {
  std::array<std::byte, Uuid::size> bytes{};
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  return Uuid{bytes};
}

// RFC 9562, section 6.6.
Uuid dns_space() { return Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").value(); }

TEST(Uuid, NilIsTheDefaultAndTheSmallest) {
  EXPECT_EQ(Uuid{}, Uuid::nil());
  EXPECT_TRUE(Uuid{}.is_nil());
  EXPECT_EQ(Uuid{}.to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_LT(Uuid::nil(), dns_space());
}

TEST(Uuid, ParseAndFormatRoundTrip) {
  SeededRandom random{1};
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = random_uuid(random);
    std::string text = id.to_string();
    EXPECT_EQ(Uuid::parse(text).value(), id);
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    EXPECT_EQ(Uuid::parse(text).value(), id) << "upper case";
  }
}

TEST(Uuid, OrderIsTheOrderOfItsTextAndBytes) {
  SeededRandom random{2};
  for (int i = 0; i < 1000; ++i) {
    const Uuid a = random_uuid(random);
    const Uuid b = random_uuid(random);
    EXPECT_EQ(a < b, a.to_string() < b.to_string());
  }
}

TEST(Uuid, ParseRefusesEveryOtherCharacterAtEveryPlace) {
  const std::string good = "2ed6657d-e927-568b-95e1-2665a8aea6a2";
  for (std::size_t place = 0; place < good.size(); ++place) {
    for (const char wrong : {' ', '/', ':', '@', 'G', '`', 'g', '\0', '\xC3', good[place] == '-' ? '0' : '-'}) {
      std::string bad = good;
      bad[place] = wrong;
      const Result<Uuid> parsed = Uuid::parse(bad);
      ASSERT_FALSE(parsed.has_value()) << bad;
      EXPECT_EQ(parsed.error().code(), Errc::invalid);
      EXPECT_EQ(parsed.error().number("offset"), place);
    }
  }
}

TEST(Uuid, ParseRefusesOtherLengthsAndForms) {
  for (const char* bad : {"", "2ed6657d", "2ed6657d-e927-568b-95e1-2665a8aea6a",
                          "2ed6657d-e927-568b-95e1-2665a8aea6a20", "2ed6657de927568b95e12665a8aea6a2",
                          "{2ed6657d-e927-568b-95e1-2665a8aea6a2}", "urn:uuid:2ed6657d-e927-568b-95e1-2665a8aea6a2"}) {
    const Result<Uuid> parsed = Uuid::parse(bad);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_EQ(parsed.error().code(), Errc::invalid);
  }
}

TEST(UuidFromName, MatchesRfc9562AppendixA4) {
  const Uuid id = Uuid::from_name(dns_space(), "www.example.com");
  EXPECT_EQ(id.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  EXPECT_EQ(id.version(), 5);
  EXPECT_FALSE(id.created_at().has_value());
}

TEST(UuidFromName, IsSha1OfSpaceAndNameAtEveryLength) {
  SeededRandom random{3};
  std::string name;
  for (std::size_t length = 0; length <= 300; ++length) {
    std::string input{as_text(dns_space().bytes())};
    input += name;
    std::array<unsigned char, 20> digest{};
    ASSERT_EQ(EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha1(), nullptr), 1);

    const Uuid id = Uuid::from_name(dns_space(), name);
    for (std::size_t i = 0; i < Uuid::size; ++i) {
      const unsigned mask = i == 6 ? 0x0FU : i == 8 ? 0x3FU : 0xFFU;  // version and variant are overwritten
      ASSERT_EQ(std::to_integer<unsigned>(id.bytes()[i]) & mask, digest.at(i) & mask) << "length " << length;
    }
    name += static_cast<char>(random.below(256));
  }
}

TEST(UuidFromName, SpaceAndNameBothMatter) {
  EXPECT_NE(Uuid::from_name(dns_space(), "a"), Uuid::from_name(dns_space(), "b"));
  EXPECT_NE(Uuid::from_name(dns_space(), "a"), Uuid::from_name(Uuid::nil(), "a"));
}

// RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
TEST(Uuid, CreatedAtReadsTheTimeOfVersion7) {
  const Uuid id = Uuid::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").value();
  using namespace std::chrono;
  EXPECT_EQ(id.created_at(), Timestamp{sys_days{year{2022} / 2 / 22} + 19h + 22min + 22s});
}

TEST(UuidHash, SpreadsIdsThatShareEitherHalf) {
  std::unordered_set<std::size_t> low_bits;
  std::array<std::byte, Uuid::size> bytes{};
  for (const std::size_t place : {std::size_t{0}, std::size_t{15}}) {
    for (int i = 0; i < 256; ++i) {
      bytes = {};
      bytes.at(place) = static_cast<std::byte>(i);
      low_bits.insert(std::hash<Uuid>{}(Uuid{bytes}) & 0xFFFF);
    }
  }
  EXPECT_GT(low_bits.size(), 490U) << "of 511 different ids";
}

}  // namespace
}  // namespace cairn
