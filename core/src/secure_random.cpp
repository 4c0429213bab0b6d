#include <cairn/core/secure_random.hpp>

#include <algorithm>
#include <limits>

#include <openssl/err.h>
#include <openssl/rand.h>

namespace cairn {

Result<void> OpenSslRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const std::size_t step = std::min(out.size(), static_cast<std::size_t>(std::numeric_limits<int>::max()));
    if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(step)) != 1) {
      const unsigned long code = ERR_get_error();
      ERR_clear_error();
      return Error{Errc::unavailable, "draw secure random bytes: OpenSSL has none"}.with("openssl_error", code);
    }
    out = out.subspan(step);
  }
  return {};
}

}  // namespace cairn
