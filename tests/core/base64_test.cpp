#include <cairn/core/base64.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cairn {
namespace {

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheTestVectorsOfItsRfc) {
  const std::string_view vectors[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), text);
    EXPECT_EQ(from_base64(text), to_bytes(plain));
  }
}

TEST(Base64, KeepsEveryByteInEveryPlace) {
  for (std::size_t size = 1; size <= 3; ++size) {
    for (unsigned value = 0; value < 256; ++value) {
      const Bytes bytes(size, std::byte(value));
      EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    }
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* const text : {"Zg", "Zg=", "Zg===", "Z", "=", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n",
                                 "Zg==Zg==", "Z-_9", "Z=g=", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace cairn
