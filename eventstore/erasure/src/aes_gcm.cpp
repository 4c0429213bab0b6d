#include "aes_gcm.hpp"

#include <algorithm>
#include <limits>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cairn/core/invariant.hpp>

namespace cairn::erasure {
namespace {

struct FreeContext {
  // Overwrites the expanded key.
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* in(BytesView bytes) noexcept { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* out_of(std::span<std::byte> bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes.data()); }
int size_of(BytesView bytes) noexcept {
  invariant(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), "a message is below 2 GiB");
  return static_cast<int>(bytes.size());
}

Error refused() { return Error{Errc::unavailable, "AES-256-GCM: OpenSSL refuses the cipher"}; }

}  // namespace

void AesGcm::Free::operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }

AesGcm::AesGcm() : cipher_{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)} {}

Result<void> AesGcm::seal(const SecretKey& key, Nonce nonce, BytesView bound, BytesView plain,
                          std::span<std::byte> out) const {
  invariant(out.size() == plain.size() + tag_bytes, "sealed bytes are as long as the plain ones and a tag");
  const Context context{EVP_CIPHER_CTX_new()};
  const std::span<std::byte> tag = out.last(tag_bytes);
  int done = 0;
  const bool sealed =
      cipher_ && context &&
      EVP_EncryptInit_ex2(context.get(), cipher_.get(), in(key.bytes()), in(nonce), nullptr) == 1 &&
      (bound.empty() || EVP_EncryptUpdate(context.get(), nullptr, &done, in(bound), size_of(bound)) == 1) &&
      (plain.empty() || EVP_EncryptUpdate(context.get(), out_of(out), &done, in(plain), size_of(plain)) == 1) &&
      EVP_EncryptFinal_ex(context.get(), out_of(tag), &done) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, size_of(tag), tag.data()) == 1;
  if (!sealed) return refused();
  return {};
}

Result<bool> AesGcm::open(const SecretKey& key, Nonce nonce, BytesView bound, BytesView sealed,
                          std::span<std::byte> out) const {
  invariant(sealed.size() == out.size() + tag_bytes, "sealed bytes are as long as the plain ones and a tag");
  const Context context{EVP_CIPHER_CTX_new()};
  const BytesView text = sealed.first(out.size());
  std::array<std::byte, tag_bytes> tag{};
  std::copy(sealed.end() - tag_bytes, sealed.end(), tag.begin());
  int done = 0;
  const bool read =
      cipher_ && context &&
      EVP_DecryptInit_ex2(context.get(), cipher_.get(), in(key.bytes()), in(nonce), nullptr) == 1 &&
      (bound.empty() || EVP_DecryptUpdate(context.get(), nullptr, &done, in(bound), size_of(bound)) == 1) &&
      (text.empty() || EVP_DecryptUpdate(context.get(), out_of(out), &done, in(text), size_of(text)) == 1) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, size_of(tag), tag.data()) == 1;
  if (!read) return refused();
  std::array<std::byte, tag_bytes> nothing{};
  if (EVP_DecryptFinal_ex(context.get(), out_of(nothing), &done) == 1) return true;
  OPENSSL_cleanse(out.data(), out.size());
  return false;
}

Result<std::array<std::byte, 32>> hmac_sha256(const SecretKey& key, std::initializer_list<BytesView> parts) {
  Bytes message;
  for (const BytesView part : parts) message.insert(message.end(), part.begin(), part.end());
  std::array<std::byte, 32> mac{};
  unsigned int size = 0;
  const bool made = HMAC(EVP_sha256(), key.bytes().data(), size_of(key.bytes()), in(message), message.size(),
                         out_of(mac), &size) != nullptr;
  OPENSSL_cleanse(message.data(), message.size());
  if (!made) return Error{Errc::unavailable, "HMAC-SHA-256: OpenSSL refuses it"};
  return mac;
}

}  // namespace cairn::erasure
