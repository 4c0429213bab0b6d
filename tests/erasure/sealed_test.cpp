#include <cairn/eventstore/sealed.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "erasure/customer.hpp"
#include "sealed_format.hpp"

namespace cairn {
namespace {

using test::Contact;
using test::Registered;
using Text = Sealed<std::string>;

Bytes sealed_bytes(std::size_t subjects = 1) {
  const std::vector<erasure::KeyId> keys(subjects);
  const std::array<std::byte, erasure::AesGcm::nonce_bytes> nonce{};
  return erasure::frame_sealed(keys, {.type = "", .schema_version = 0x01020304}, nonce, 5).bytes;
}

TEST(Sealed, IsBase64AsText) {
  EXPECT_EQ(Text{to_bytes("fooba")}.text(), "Zm9vYmE=");
  EXPECT_EQ(Text::from_text("Zm9vYmE=").bytes(), to_bytes("fooba"));
  EXPECT_TRUE(Text::from_text("").empty());
}

TEST(Sealed, OfTextThatIsNoBase64IsCorruptWhenItIsRead) {
  for (const std::string_view text : {"Zg=", "Zh==", "Zm-_"}) {
    const auto parsed = erasure::parse_sealed(Text::from_text(text).bytes());
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Errc::corrupt) << text;
  }
}

TEST(Sealed, TravelsInsideAnEventAsJson) {
  const Registered event{"gold", Sealed<Contact>{sealed_bytes()}};
  const Bytes data = Codec<Registered>::encode(event).value();
  EXPECT_NE(as_text(data).find(event.contact.text()), std::string_view::npos) << as_text(data);
  const auto read = Codec<Registered>::decode(Registered::type, 1, ContentType::json, data).value();
  EXPECT_EQ(read.contact, event.contact);
  EXPECT_FALSE(read.contact.empty());
  const auto wrong =
      Codec<Registered>::decode(Registered::type, 1, ContentType::json, as_bytes(R"({"plan":"gold","contact":7})"));
  EXPECT_EQ(wrong.error().code(), Errc::invalid);
}

TEST(SealedFormat, IsReadAsItWasWritten) {
  const Bytes sealed = sealed_bytes(2);
  EXPECT_EQ(sealed.size(), 8 + 2 * 16 + 12 + 5 + 16U);
  const auto parts = erasure::parse_sealed(sealed).value();
  EXPECT_EQ(parts.header.size(), 40U);
  EXPECT_EQ(parts.schema_version, 0x01020304U);
  EXPECT_EQ(parts.content_type, ContentType::binary);
  EXPECT_EQ(parts.keys.size(), 2U);
  EXPECT_EQ(parts.text.size(), 21U);
}

TEST(SealedFormat, RefusesWhatItDidNotWrite) {
  struct Case {
    std::size_t at;
    int byte;
    std::string_view says;
  };
  const Case cases[] = {{0, 2, "format 2"},       {0, 0, "format 0"},   {1, 0, "content type 0"},
                        {1, 9, "content type 9"}, {2, 0, "0 subjects"}, {2, 65, "65 subjects"},
                        {2, 3, "cut short"},      {3, 1, "reserved"}};
  for (const Case& wrong : cases) {
    Bytes sealed = sealed_bytes();
    sealed[wrong.at] = static_cast<std::byte>(wrong.byte);
    const auto parsed = erasure::parse_sealed(sealed);
    ASSERT_FALSE(parsed) << wrong.says;
    EXPECT_EQ(parsed.error().code(), Errc::corrupt);
    EXPECT_NE(parsed.error().message().find(wrong.says), std::string::npos) << parsed.error().message();
  }
  EXPECT_EQ(erasure::parse_sealed({}).error().code(), Errc::invalid);
}

TEST(SealedFormat, RefusesEveryPieceThatIsTooShort) {
  const Bytes sealed = sealed_bytes();
  for (std::size_t size = 1; size < 8 + 16 + 12 + 16; ++size) {
    EXPECT_EQ(erasure::parse_sealed(BytesView{sealed}.first(size)).error().code(), Errc::corrupt) << size;
  }
}

}  // namespace
}  // namespace cairn
