#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

class SecureRandom;

/// 32 secret bytes, overwritten when they are dropped. Copies of it are its own; what else the process did with the
/// bytes (registers, swap, a core dump) is out of its reach.
class SecretKey final {
 public:
  static constexpr std::size_t size = 32;

  explicit SecretKey(std::span<const std::byte, size> bytes) noexcept;
  /// Errors: those of SecureRandom::fill.
  [[nodiscard]] static Result<SecretKey> random(SecureRandom& random);
  SecretKey(const SecretKey&) noexcept = default;
  SecretKey& operator=(const SecretKey&) noexcept = default;
  ~SecretKey();

  /// Valid as long as the key.
  [[nodiscard]] BytesView bytes() const noexcept { return bytes_; }

 private:
  std::array<std::byte, size> bytes_;
};

}  // namespace cairn
