#include "aes_gcm.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace cairn::erasure {
namespace {

std::byte nibble(char digit) {
  const auto value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
  return static_cast<std::byte>(value);
}
Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) bytes.push_back((nibble(text[i]) << 4) | nibble(text[i + 1]));
  return bytes;
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 13 to 16: AES-256.
struct Vector {
  std::string_view key, nonce, bound, plain, sealed, tag;
};
constexpr std::string_view zero_key = "0000000000000000000000000000000000000000000000000000000000000000";
constexpr std::string_view key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const Vector vectors[] = {
    {zero_key, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {zero_key, "000000000000000000000000", "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {key, "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {key, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"}};

SecretKey secret(std::string_view text) {
  const Bytes bytes = hex(text);
  return SecretKey{std::span<const std::byte, 32>{bytes.data(), 32}};
}

TEST(AesGcm, SealsAndOpensThePublishedVectors) {
  const AesGcm cipher;
  for (const Vector& vector : vectors) {
    const Bytes nonce = hex(vector.nonce);
    const AesGcm::Nonce view{nonce.data(), AesGcm::nonce_bytes};
    const Bytes plain = hex(vector.plain);
    Bytes expected = hex(vector.sealed);
    const Bytes tag = hex(vector.tag);
    expected.insert(expected.end(), tag.begin(), tag.end());

    Bytes sealed(expected.size());
    ASSERT_TRUE(cipher.seal(secret(vector.key), view, hex(vector.bound), plain, sealed));
    EXPECT_EQ(sealed, expected) << vector.tag;
    Bytes opened(plain.size());
    EXPECT_TRUE(cipher.open(secret(vector.key), view, hex(vector.bound), expected, opened).value());
    EXPECT_EQ(opened, plain);
  }
}

TEST(AesGcm, OpensNothingOfWhichAnyBitDiffers) {
  const AesGcm cipher;
  const Vector& vector = vectors[3];
  const Bytes nonce = hex(vector.nonce);
  const AesGcm::Nonce view{nonce.data(), AesGcm::nonce_bytes};
  const Bytes bound = hex(vector.bound);
  Bytes sealed(hex(vector.plain).size() + AesGcm::tag_bytes);
  ASSERT_TRUE(cipher.seal(secret(key), view, bound, hex(vector.plain), sealed));
  const Bytes zeros(sealed.size() - AesGcm::tag_bytes);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes damaged = sealed;
    damaged[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    Bytes opened(zeros.size(), std::byte{1});
    EXPECT_FALSE(cipher.open(secret(key), view, bound, damaged, opened).value()) << bit;
    EXPECT_EQ(opened, zeros) << "plain text of something that does not authenticate";
  }
  Bytes opened(zeros.size());
  EXPECT_FALSE(cipher.open(secret(zero_key), view, bound, sealed, opened).value());
  EXPECT_FALSE(cipher.open(secret(key), view, {}, sealed, opened).value());
}

// RFC 4231, test cases 1 and 2; their shorter keys are ours with zeros behind them, as RFC 2104 fills them up.
TEST(HmacSha256, GivesThePublishedVectors) {
  const auto mac = [](std::string_view short_key, std::initializer_list<BytesView> parts) {
    std::string filled{short_key};
    filled.resize(64, '0');
    const auto made = hmac_sha256(secret(filled), parts).value();
    return Bytes{made.begin(), made.end()};
  };
  EXPECT_EQ(mac("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", {as_bytes("Hi "), as_bytes("There")}),
            hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  EXPECT_EQ(mac("4a656665", {as_bytes("what do ya want for nothing?")}),
            hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

}  // namespace
}  // namespace cairn::erasure
