#include <cairn/core/codec/protobuf.hpp>

#include <string>

#include <gtest/gtest.h>

#include "account.pb.h"

template <>
struct cairn::EventTraits<cairn::test::Withdrawn> {
  static constexpr std::string_view type = "account.withdrawn";
  static constexpr std::uint32_t schema_version = 2;
};
static_assert(cairn::Encodable<cairn::test::Withdrawn>);
static_assert(!cairn::Encodable<google::protobuf::MessageLite>, "a message without a name is no event");

namespace cairn {
namespace {

using test::Withdrawn;

Result<Withdrawn> decode_bytes(BytesView data) {
  return Codec<Withdrawn>::decode("account.withdrawn", 2, ContentType::protobuf, data);
}

TEST(ProtobufCodec, RoundTrips) {
  Withdrawn event;
  event.set_cents(-500);
  event.set_note("rent");
  const Bytes bytes = Codec<Withdrawn>::encode(event).value();
  const Withdrawn read = decode_bytes(bytes).value();
  EXPECT_EQ(read.cents(), -500);
  EXPECT_EQ(read.note(), "rent");
  EXPECT_EQ(as_text(bytes), event.SerializeAsString());
}

TEST(ProtobufCodec, EqualMessagesHaveEqualBytes) {
  Withdrawn up;
  Withdrawn down;
  up.set_cents(1);
  down.set_cents(1);
  for (int i = 0; i < 100; ++i) {
    (*up.mutable_fees())[std::to_string(i)] = i;
    (*down.mutable_fees())[std::to_string(99 - i)] = 99 - i;
  }
  EXPECT_EQ(Codec<Withdrawn>::encode(up).value(), Codec<Withdrawn>::encode(down).value());
}

TEST(ProtobufCodec, AMissingRequiredFieldIsInvalidBothWays) {
  EXPECT_EQ(Codec<Withdrawn>::encode({}).error(),
            (Error{Errc::invalid, "encode account.withdrawn: a required field is missing"}));
  EXPECT_EQ(decode_bytes({}).error(), (Error{Errc::invalid, "decode account.withdrawn: a required field is missing"}));
}

TEST(ProtobufCodec, EveryCutOfAMessageIsInvalid) {
  Withdrawn event;
  event.set_cents(500);
  event.set_note("rent");
  const Bytes bytes = Codec<Withdrawn>::encode(event).value();
  const std::size_t note_starts = 3;  // after the tag and two bytes of cents the rest may be left out
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (size == note_starts) continue;
    const Result<Withdrawn> read = decode_bytes(BytesView{bytes}.first(size));
    ASSERT_FALSE(read.has_value()) << "cut at " << size;
    EXPECT_EQ(read.error().code(), Errc::invalid);
  }
}

TEST(ProtobufCodec, ChecksTypeAndVersionFirst) {
  EXPECT_EQ(Codec<Withdrawn>::decode("account.deposited", 2, ContentType::protobuf, {}).error().code(), Errc::invalid);
  EXPECT_EQ(Codec<Withdrawn>::decode("account.withdrawn", 1, ContentType::protobuf, {}).error().code(),
            Errc::unknown_schema);
  EXPECT_EQ(Codec<Withdrawn>::decode("account.withdrawn", 2, ContentType::json, {}).error().code(),
            Errc::unknown_schema);
}

}  // namespace
}  // namespace cairn
