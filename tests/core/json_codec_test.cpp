#include <cairn/core/codec/json.hpp>

#include <string>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

namespace bank {

struct Withdrawn {
  static constexpr auto type = "account.withdrawn";
  std::int64_t cents = 0;
  std::string note;
  friend bool operator==(const Withdrawn&, const Withdrawn&) = default;
};
void to_json(nlohmann::json& json, const Withdrawn& event) { json = {{"cents", event.cents}, {"note", event.note}}; }
void from_json(const nlohmann::json& json, Withdrawn& event) {
  json.at("cents").get_to(event.cents);
  json.at("note").get_to(event.note);
  if (event.cents < 0) throw std::invalid_argument{"negative amount"};
}
static_assert(cairn::Encodable<Withdrawn>);

struct Untold {
  static constexpr auto type = "account.untold";
};
static_assert(cairn::EventType<Untold> && !cairn::Encodable<Untold>, "neither encode nor to_json beside it");

// Both ways beside one type: its own encode wins.
struct OwnWay {
  static constexpr auto type = "own.way";
  static cairn::Bytes encode(const OwnWay&) { return cairn::to_bytes("own"); }
  static OwnWay decode(cairn::BytesView) { return {}; }
};
void to_json(nlohmann::json& json, const OwnWay&) { json = "json"; }
void from_json(const nlohmann::json&, OwnWay&) {}

}  // namespace bank

namespace cairn {
namespace {

using bank::Withdrawn;

Result<Withdrawn> decode_text(std::string_view text) {
  return Codec<Withdrawn>::decode("account.withdrawn", 1, ContentType::json, as_bytes(text));
}

TEST(JsonCodec, WritesSortedMembersWithoutSpace) {
  EXPECT_EQ(as_text(Codec<Withdrawn>::encode({.cents = 500, .note = "r\xC3\xA9nt"}).value()),
            "{\"cents\":500,\"note\":\"r\xC3\xA9nt\"}");
}

TEST(JsonCodec, RoundTrips) {
  SeededRandom random{1};
  for (int i = 0; i < 500; ++i) {
    Withdrawn event{.cents = static_cast<std::int64_t>(random.next() >> 1), .note = {}};
    for (std::uint64_t left = random.below(40); left > 0; --left) event.note += static_cast<char>(random.below(128));
    const Bytes bytes = Codec<Withdrawn>::encode(event).value();
    EXPECT_EQ(decode_text(as_text(bytes)).value(), event);
  }
}

TEST(JsonCodec, IgnoresMembersItDoesNotKnow) {
  EXPECT_EQ(decode_text(R"({"cents":1,"later":true,"note":""})").value(), (Withdrawn{1, ""}));
}

TEST(JsonCodec, NotJsonIsInvalidAndNeverQuotesTheData) {
  for (const char* bad : {"", "{\"cents\":1,\"note\":\"secret", "secret", "{\"cents\":1,\"note\":\"\"}secret",
                          "{\"cents\":1,\"note\":\"secret\xFF\"}"}) {
    const Result<Withdrawn> decoded = decode_text(bad);
    ASSERT_FALSE(decoded.has_value()) << bad;
    EXPECT_EQ(decoded.error().code(), Errc::invalid);
    EXPECT_EQ(decoded.error().message(), "decode account.withdrawn: not JSON");
    EXPECT_TRUE(decoded.error().number("byte").has_value());
  }
}

struct WrongShape {
  const char* text;
  const char* says;
};

TEST(JsonCodec, AnotherShapeIsInvalidAndSaysWhatIsWrong) {
  for (const auto& [text, says] : {WrongShape{R"({"note":""})", "'cents' not found"},
                                   WrongShape{R"({"cents":"1","note":""})", "must be number, but is string"},
                                   WrongShape{R"({"cents":1,"note":2})", "must be string, but is number"},
                                   WrongShape{R"([1])", "array"}, WrongShape{"null", "null"}}) {
    const Result<Withdrawn> decoded = decode_text(text);
    ASSERT_FALSE(decoded.has_value()) << text;
    EXPECT_EQ(decoded.error().code(), Errc::invalid) << text;
    EXPECT_TRUE(decoded.error().message().starts_with("decode account.withdrawn: ")) << decoded.error().message();
    EXPECT_NE(decoded.error().message().find(says), std::string::npos) << decoded.error().message();
  }
}

TEST(JsonCodec, WhatFromJsonThrowsIsHandlerFailed) {
  EXPECT_EQ(decode_text(R"({"cents":-1,"note":""})").error(),
            (Error{Errc::handler_failed, "decode account.withdrawn: negative amount"}));
}

TEST(JsonCodec, TextThatIsNoUtf8IsNotEncoded) {
  EXPECT_EQ(Codec<Withdrawn>::encode({.cents = 1, .note = "\xFF"}).error().code(), Errc::invalid);
}

TEST(JsonCodec, ChecksTypeAndVersionFirst) {
  EXPECT_EQ(Codec<Withdrawn>::decode("account.deposited", 1, ContentType::json, {}).error().code(), Errc::invalid);
  EXPECT_EQ(Codec<Withdrawn>::decode("account.withdrawn", 2, ContentType::json, {}).error().code(),
            Errc::unknown_schema);
  EXPECT_EQ(Codec<Withdrawn>::decode("account.withdrawn", 1, ContentType::binary, {}).error().code(),
            Errc::unknown_schema);
}

TEST(JsonCodec, EncodeBesideTheTypeWins) {
  EXPECT_EQ(as_text(Codec<bank::OwnWay>::encode({}).value()), "own");
  EXPECT_EQ(Codec<bank::OwnWay>::content_type, ContentType::binary);
}

TEST(JsonCodec, DeepNestingIsRefusedWithoutOverflow) {
  EXPECT_EQ(decode_text(std::string(100'000, '[')).error().code(), Errc::invalid);
}

}  // namespace
}  // namespace cairn
