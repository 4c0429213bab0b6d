#pragma once

#include <cstddef>
#include <span>

#include <cairn/core/result.hpp>

namespace cairn {

/// Unpredictable bytes, for keys, nonces and seeds. Thread-safe.
class SecureRandom {
 public:
  virtual ~SecureRandom() = default;
  SecureRandom(const SecureRandom&) = delete;
  SecureRandom& operator=(const SecureRandom&) = delete;

  /// Fills all of `out`, or fails with unavailable and leaves nothing usable in it. Never falls back to a
  /// weaker source.
  [[nodiscard]] virtual Result<void> fill(std::span<std::byte> out) = 0;

 protected:
  SecureRandom() = default;
};

/// OpenSSL's private generator (RAND_priv_bytes(3)), seeded by the operating system.
class OpenSslRandom final : public SecureRandom {
 public:
  [[nodiscard]] Result<void> fill(std::span<std::byte> out) override;
};

}  // namespace cairn
