#include <cstdint>

#include <gtest/gtest.h>

#include <cairn/core/codec/json.hpp>

namespace {

// The example of core/README.md, line by line.
// clang-format off
struct Withdrawn { static constexpr auto type = "account.withdrawn"; std::int64_t cents = 0; };
void to_json(nlohmann::json& json, const Withdrawn& event) { json = {{"cents", event.cents}}; }
void from_json(const nlohmann::json& json, Withdrawn& event) { json.at("cents").get_to(event.cents); }
static_assert(cairn::Encodable<Withdrawn>);
// clang-format on

TEST(ReadmeExample, EncodesAndDecodes) {
  const cairn::Bytes bytes = cairn::Codec<Withdrawn>::encode({.cents = 500}).value();
  EXPECT_EQ(cairn::as_text(bytes), R"({"cents":500})");
  EXPECT_EQ(cairn::Codec<Withdrawn>::decode("account.withdrawn", 1, cairn::ContentType::json, bytes)->cents, 500);
}

}  // namespace
