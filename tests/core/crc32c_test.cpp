#include <cairn/core/crc32c.hpp>

#include <array>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

namespace cairn {
namespace {

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  SeededRandom random{seed};
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next() >> 56);
  return bytes;
}

// One bit at a time, straight from the definition.
std::uint32_t crc32c_by_definition(BytesView data) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte byte : data) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

struct KnownAnswer {
  std::string name;
  Bytes data;
  std::uint32_t crc;
};

Bytes counting(bool up) {
  Bytes bytes(32);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(up ? i : 31 - i);
  return bytes;
}

Bytes iscsi_read_command() {
  Bytes bytes(48);
  bytes[0] = std::byte{0x01};
  bytes[1] = std::byte{0xC0};
  bytes[16] = std::byte{0x14};
  bytes[22] = std::byte{0x04};
  bytes[27] = std::byte{0x14};
  bytes[31] = std::byte{0x18};
  bytes[32] = std::byte{0x28};
  bytes[40] = std::byte{0x02};
  return bytes;
}

// RFC 3720, appendix B.4 (which prints the CRC's bytes in the order they are sent), and the usual check value.
class Crc32cKnownAnswer : public testing::TestWithParam<KnownAnswer> {};

TEST_P(Crc32cKnownAnswer, IsGivenByBothWays) {
  EXPECT_EQ(crc32c(GetParam().data), GetParam().crc);
  EXPECT_EQ(detail::crc32c_software(GetParam().data), GetParam().crc);
}

INSTANTIATE_TEST_SUITE_P(Rfc3720, Crc32cKnownAnswer,
                         testing::Values(KnownAnswer{"Zeros", Bytes(32), 0x8A9136AAU},
                                         KnownAnswer{"Ones", Bytes(32, std::byte{0xFF}), 0x62A8AB43U},
                                         KnownAnswer{"CountingUp", counting(true), 0x46DD794EU},
                                         KnownAnswer{"CountingDown", counting(false), 0x113FDB5CU},
                                         KnownAnswer{"ReadCommand", iscsi_read_command(), 0xD9963A56U},
                                         KnownAnswer{"CheckValue", to_bytes("123456789"), 0xE3069283U},
                                         KnownAnswer{"Nothing", {}, 0U}),
                         [](const auto& test) { return test.param.name; });

TEST(Crc32c, BothWaysAgreeAtEveryLengthAndStart) {
  const Bytes data = random_bytes(4096 + 16, 1);
  for (std::size_t length = 0; length <= 4096; ++length) {
    const std::size_t first_start = length % 8;
    for (const std::size_t start : {first_start, first_start + 1, std::size_t{0}}) {
      const BytesView view = BytesView{data}.subspan(start, length);
      ASSERT_EQ(crc32c(view), detail::crc32c_software(view)) << "length " << length << ", start " << start;
    }
  }
}

TEST(Crc32c, IsTheDefinitionOnLongBuffers) {
  for (const std::size_t length : {std::size_t{1}, std::size_t{3071}, std::size_t{3072}, std::size_t{3073},
                                   std::size_t{100'003}, std::size_t{1} << 20}) {
    const Bytes data = random_bytes(length, length);
    const std::uint32_t expected = crc32c_by_definition(data);
    EXPECT_EQ(crc32c(data), expected) << "length " << length;
    EXPECT_EQ(detail::crc32c_software(data), expected) << "length " << length;
  }
}

TEST(Crc32c, SeedContinuesWhatCameBefore) {
  const Bytes data = random_bytes(10'000, 2);
  const std::uint32_t whole = crc32c(data);
  SeededRandom random{3};
  for (int i = 0; i < 500; ++i) {
    const std::size_t cut = random.below(data.size() + 1);
    const BytesView view{data};
    EXPECT_EQ(crc32c(view.subspan(cut), crc32c(view.first(cut))), whole) << "cut at " << cut;
    EXPECT_EQ(detail::crc32c_software(view.subspan(cut), crc32c(view.first(cut))), whole) << "cut at " << cut;
  }
}

TEST(Crc32c, EveryFlippedBitChangesIt) {
  Bytes data = random_bytes(512, 4);
  const std::uint32_t before = crc32c(data);
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    data[bit / 8] ^= mask;
    ASSERT_NE(crc32c(data), before) << "bit " << bit;
    data[bit / 8] ^= mask;
  }
  EXPECT_EQ(crc32c(data), before);
}

}  // namespace
}  // namespace cairn
