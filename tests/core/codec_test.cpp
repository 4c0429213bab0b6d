#include <cairn/core/codec.hpp>

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace bank {

struct Deposited {
  static constexpr auto type = "account.deposited";
  int cents = 0;

  static cairn::Bytes encode(const Deposited& event) { return cairn::to_bytes(std::to_string(event.cents)); }
  static cairn::Result<Deposited> decode(cairn::BytesView data) {
    if (data.empty()) return cairn::Error{cairn::Errc::invalid, "decode account.deposited: empty"};
    return Deposited{.cents = std::stoi(std::string{cairn::as_text(data)})};  // throws for what is no number
  }
  friend bool operator==(const Deposited&, const Deposited&) = default;
};
static_assert(cairn::Encodable<Deposited>);

struct Renamed {
  static constexpr std::string_view type = "account.renamed";
  static constexpr std::uint32_t schema_version = 3;
  static constexpr auto content_type = cairn::ContentType::json;
  std::string name;
  friend bool operator==(const Renamed&, const Renamed&) = default;
};
cairn::Result<cairn::Bytes> encode(const Renamed& event) {
  if (event.name.empty()) return cairn::Error{cairn::Errc::invalid, "encode account.renamed: no name"};
  return cairn::to_bytes('"' + event.name + '"');
}
void decode(cairn::BytesView data, Renamed& into) {
  const std::string_view text = cairn::as_text(data);
  into.name = text.substr(1, text.size() - 2);
}
static_assert(cairn::Encodable<Renamed>);

// What must not pass, each for its one reason.
struct Nameless {
  static cairn::Bytes encode(const Nameless&);
  static cairn::Result<Nameless> decode(cairn::BytesView);
};
static_assert(!cairn::EventType<Nameless> && !cairn::Encodable<Nameless>);

struct EmptyName {
  static constexpr auto type = "";
};
static_assert(!cairn::EventType<EmptyName>);

struct VersionZero {
  static constexpr auto type = "zero";
  static constexpr std::uint32_t schema_version = 0;
};
static_assert(!cairn::EventType<VersionZero>);

struct OneWay {
  static constexpr auto type = "one.way";
  static cairn::Bytes encode(const OneWay&);
};
static_assert(cairn::EventType<OneWay> && !cairn::Encodable<OneWay>);

struct DecodesAnother {
  static constexpr auto type = "decodes.another";
  static cairn::Bytes encode(const DecodesAnother&);
  static cairn::Result<Deposited> decode(cairn::BytesView);
};
static_assert(!cairn::Encodable<DecodesAnother>);

struct Foreign {};  // as if generated: its name is given from outside

}  // namespace bank

template <>
struct cairn::EventTraits<bank::Foreign> {
  static constexpr std::string_view type = "foreign.seen";
  static constexpr std::uint32_t schema_version = 2;
};
static_assert(cairn::EventType<bank::Foreign> && !cairn::Encodable<bank::Foreign>);

namespace cairn {
namespace {

using bank::Deposited;
using bank::Renamed;

TEST(EventTraits, ReadNameAndVersionFromTheType) {
  EXPECT_EQ(EventTraits<Deposited>::type, "account.deposited");
  EXPECT_EQ(EventTraits<Deposited>::schema_version, 1U) << "unless the type says otherwise";
  EXPECT_EQ(EventTraits<Renamed>::schema_version, 3U);
}

TEST(Codec, MembersRoundTrip) {
  const Bytes bytes = Codec<Deposited>::encode({.cents = 500}).value();
  EXPECT_EQ(as_text(bytes), "500");
  EXPECT_EQ(Codec<Deposited>::content_type, ContentType::binary);
  EXPECT_EQ(Codec<Deposited>::decode("account.deposited", 1, ContentType::binary, bytes).value(), Deposited{500});
}

TEST(Codec, FunctionsBesideRoundTrip) {
  const Bytes bytes = Codec<Renamed>::encode({.name = "ann"}).value();
  EXPECT_EQ(as_text(bytes), "\"ann\"");
  EXPECT_EQ(Codec<Renamed>::content_type, ContentType::json);
  EXPECT_EQ(Codec<Renamed>::decode("account.renamed", 3, ContentType::json, bytes).value(), Renamed{"ann"});
}

TEST(Codec, AnotherTypeIsInvalid) {
  EXPECT_EQ(Codec<Deposited>::decode("account.withdrawn", 1, ContentType::binary, {}).error(),
            (Error{Errc::invalid, "decode account.deposited: the stored event is account.withdrawn"}));
}

TEST(Codec, AnotherVersionIsUnknownSchema) {
  const Error error = Codec<Renamed>::decode("account.renamed", 2, ContentType::json, {}).error();
  EXPECT_EQ(error.code(), Errc::unknown_schema);
  EXPECT_EQ(error.message(), "decode account.renamed: stored with schema version 2, known is 3");
  EXPECT_EQ(error.number("stored_version"), 2U);
  EXPECT_EQ(error.number("known_version"), 3U);
}

TEST(Codec, AnotherContentTypeIsUnknownSchema) {
  EXPECT_EQ(Codec<Renamed>::decode("account.renamed", 3, ContentType::protobuf, {}).error(),
            (Error{Errc::unknown_schema, "decode account.renamed: stored as protobuf, known as json"}));
}

TEST(Codec, AnErrorOfItsOwnPassesThrough) {
  EXPECT_EQ(Codec<Deposited>::decode("account.deposited", 1, ContentType::binary, {}).error().message(),
            "decode account.deposited: empty");
  EXPECT_EQ(Codec<Renamed>::encode({}).error().code(), Errc::invalid);
}

TEST(Codec, WhatItThrowsIsHandlerFailed) {
  const Error error = Codec<Deposited>::decode("account.deposited", 1, ContentType::binary, as_bytes("x")).error();
  EXPECT_EQ(error, (Error{Errc::handler_failed, "decode account.deposited: stoi"}));
}

TEST(ContentType, KeepsItsStoredByteForEver) {
  EXPECT_EQ(static_cast<int>(ContentType::json), 1);
  EXPECT_EQ(static_cast<int>(ContentType::protobuf), 2);
  EXPECT_EQ(static_cast<int>(ContentType::binary), 3);
}

TEST(ContentType, IsFoundByItsByteAndHasAName) {
  int known = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const std::optional<ContentType> type = content_type_from(static_cast<std::uint8_t>(byte));
    if (!type) continue;
    ++known;
    EXPECT_EQ(static_cast<int>(*type), byte);
    EXPECT_NE(to_string(*type), "unlisted");
  }
  EXPECT_EQ(known, 3);
}

}  // namespace
}  // namespace cairn
