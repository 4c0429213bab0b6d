#include "aes_gcm.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cairn/core/invariant.hpp>

namespace cairn::erasure {
namespace {

constexpr std::size_t idle_contexts_max = 16;

const unsigned char* in(BytesView bytes) noexcept { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* out_of(std::span<std::byte> bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes.data()); }
int size_of(BytesView bytes) noexcept {
  invariant(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), "a message is below 2 GiB");
  return static_cast<int>(bytes.size());
}

Error refused() { return Error{Errc::unavailable, "AES-256-GCM: OpenSSL refuses the cipher"}; }

}  // namespace

void AesGcm::Free::operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }

// Overwrites the expanded key.
void AesGcm::Free::operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }

/// A context for the length of one call.
class AesGcm::Lease final {
 public:
  explicit Lease(const AesGcm& owner) : owner_{owner} {
    {
      const std::lock_guard lock{owner_.mutex_};
      forgotten_ = owner_.forgotten_;
      if (!owner_.idle_.empty()) {
        context_ = std::move(owner_.idle_.back());
        owner_.idle_.pop_back();
        return;
      }
    }
    context_.reset(EVP_CIPHER_CTX_new());
  }
  ~Lease() {
    const std::lock_guard lock{owner_.mutex_};
    if (context_ && forgotten_ == owner_.forgotten_ && owner_.idle_.size() < idle_contexts_max) {
      owner_.idle_.push_back(std::move(context_));
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  [[nodiscard]] EVP_CIPHER_CTX* get() const noexcept { return context_.get(); }
  /// Nothing for a context that has its cipher: naming it again would set the context up anew.
  [[nodiscard]] const EVP_CIPHER* cipher() const noexcept {
    return EVP_CIPHER_CTX_get0_cipher(context_.get()) != nullptr ? nullptr : owner_.cipher_.get();
  }

 private:
  const AesGcm& owner_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
  std::uint64_t forgotten_ = 0;
};

AesGcm::~AesGcm() = default;

void AesGcm::forget_keys() const noexcept {
  const std::lock_guard lock{mutex_};
  ++forgotten_;
  idle_.clear();
}

AesGcm::AesGcm() : cipher_{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)} {
  idle_.reserve(idle_contexts_max);  // so that putting one back does not throw
}

Result<void> AesGcm::seal(const SecretKey& key, Nonce nonce, BytesView bound, BytesView plain,
                          std::span<std::byte> out) const {
  invariant(out.size() == plain.size() + tag_bytes, "sealed bytes are as long as the plain ones and a tag");
  const Lease context{*this};
  const std::span<std::byte> tag = out.last(tag_bytes);
  int done = 0;
  const bool sealed =
      cipher_ && context.get() != nullptr &&
      EVP_EncryptInit_ex2(context.get(), context.cipher(), in(key.bytes()), in(nonce), nullptr) == 1 &&
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
  const Lease context{*this};
  const BytesView text = sealed.first(out.size());
  std::array<std::byte, tag_bytes> tag{};
  std::copy(sealed.end() - tag_bytes, sealed.end(), tag.begin());
  int done = 0;
  const bool read =
      cipher_ && context.get() != nullptr &&
      EVP_DecryptInit_ex2(context.get(), context.cipher(), in(key.bytes()), in(nonce), nullptr) == 1 &&
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
