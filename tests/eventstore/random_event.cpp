#include "random_event.hpp"

#include <array>
#include <string_view>

namespace cairn::test {
namespace {

constexpr std::array<std::string_view, 8> characters{"a", "Z", "7", "-", "\u00e9", "\u20ac", "\U0001f426", " "};

std::string random_text(Random& random, std::size_t size_max) {
  std::string text;
  for (std::uint64_t left = random.below(size_max + 1); left > 0; --left) {
    const std::string_view character = characters[random.below(characters.size())];
    if (text.size() + character.size() > size_max) break;
    text += character;
  }
  return text;
}

Timestamp random_timestamp(Random& random) {
  return Timestamp{std::chrono::microseconds{static_cast<std::int64_t>(random.next())}};
}

}  // namespace

std::string random_name(Random& random, std::size_t size_max) {
  std::string name = random_text(random, size_max);
  return name.empty() ? "n" : name;
}

Uuid random_uuid(Random& random) {
  std::array<std::byte, Uuid::size> bytes{};
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  return Uuid{bytes};
}

Bytes random_bytes(Random& random, std::size_t size) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  return bytes;
}

Metadata random_metadata(Random& random) {
  Metadata metadata;
  if (random.below(2) == 0) metadata.correlation_id = random_uuid(random);
  if (random.below(2) == 0) metadata.causation_id = random_uuid(random);
  if (random.below(2) == 0) metadata.occurred_at = random_timestamp(random);
  for (std::uint64_t tags = random.below(4); tags > 0; --tags) metadata.tags.push_back(random_name(random));
  for (std::uint64_t headers = random.below(4); headers > 0; --headers) {
    metadata.headers.emplace_back(random_name(random), random_text(random, 300));
  }
  return metadata;
}

NewEvent random_event(Random& random) {
  constexpr std::array types{ContentType::json, ContentType::protobuf, ContentType::binary};
  return {.id = random_uuid(random),
          .type = random_name(random),
          .schema_version = static_cast<std::uint32_t>(random.next()),
          .content_type = types[random.below(types.size())],
          .data = random_bytes(random, random.below(201)),
          .metadata = random_metadata(random)};
}

}  // namespace cairn::test
