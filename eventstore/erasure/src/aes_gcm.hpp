#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <openssl/types.h>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/secret_key.hpp>

namespace cairn::erasure {

/// AES-256 in Galois/Counter mode (NIST SP 800-38D) with nonces of 96 bits and tags of 128. A nonce is used once with a
/// key; drawn at random, 2^32 messages a key keep the chance of a second use below 2^-32 (section 8.3). Thread-safe.
class AesGcm final {
 public:
  static constexpr std::size_t nonce_bytes = 12;
  static constexpr std::size_t tag_bytes = 16;
  using Nonce = std::span<const std::byte, nonce_bytes>;

  AesGcm();
  ~AesGcm();
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;

  /// Fills `out`, which is as long as `plain` and a tag. `bound` is authenticated and not part of it.
  /// Errors: unavailable (OpenSSL refuses the cipher).
  Result<void> seal(const SecretKey& key, Nonce nonce, BytesView bound, BytesView plain,
                    std::span<std::byte> out) const;
  /// The reverse; `out` is as long as `sealed` without its tag. False, and zeros in `out`, when `sealed` was not made
  /// by this key, nonce and `bound`.
  Result<bool> open(const SecretKey& key, Nonce nonce, BytesView bound, BytesView sealed,
                    std::span<std::byte> out) const;
  /// Overwrites what is left in memory of keys that were used before.
  void forget_keys() const noexcept;

 private:
  struct Free {
    void operator()(EVP_CIPHER* cipher) const noexcept;
    void operator()(EVP_CIPHER_CTX* context) const noexcept;
  };
  class Lease;

  // Fetched once, and contexts used again: either costs more than running the cipher on a short text.
  std::unique_ptr<EVP_CIPHER, Free> cipher_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<EVP_CIPHER_CTX, Free>> idle_;  // each with the key it was used with last
  mutable std::uint64_t forgotten_ = 0;  // a context that is out when keys are forgotten does not come back
};

/// HMAC-SHA-256 (RFC 2104) of `parts`, one after the other.
[[nodiscard]] Result<std::array<std::byte, 32>> hmac_sha256(const SecretKey& key,
                                                            std::initializer_list<BytesView> parts);

}  // namespace cairn::erasure
