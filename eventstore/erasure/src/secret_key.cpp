#include <cairn/eventstore/secret_key.hpp>

#include <algorithm>

#include <openssl/crypto.h>

#include <cairn/core/secure_random.hpp>

namespace cairn {

SecretKey::SecretKey(std::span<const std::byte, size> bytes) noexcept {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

Result<SecretKey> SecretKey::random(SecureRandom& random) {
  SecretKey key{std::array<std::byte, size>{}};
  if (auto filled = random.fill(key.bytes_); !filled) return std::move(filled).error();
  return key;
}

SecretKey::~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

}  // namespace cairn
