#pragma once

#include <string>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/secret_key.hpp>

namespace cairn {

/// A key that only the holder of a master key can read.
struct WrappedKey {
  std::string master_id;  ///< of the master key it is wrapped by
  Bytes bytes;
  friend bool operator==(const WrappedKey&, const WrappedKey&) = default;
};

/// Who holds the master keys: a file (FileKeyProvider), or a key management service of yours. Several may be there, so
/// that they can be exchanged: the newest wraps, all unwrap. What a SubjectKeys wraps is small and seldom: once for a
/// new subject, and back once for each that is not in its cache. Implementations are thread-safe.
class KeyProvider {
 public:
  virtual ~KeyProvider() = default;
  KeyProvider(const KeyProvider&) = delete;
  KeyProvider& operator=(const KeyProvider&) = delete;

  /// `context` is no secret; unwrap() must refuse any other.
  /// Errors: unavailable (the service does not answer), or what the provider has to say.
  [[nodiscard]] virtual Result<WrappedKey> wrap(const SecretKey& key, BytesView context) = 0;
  /// Errors: not_found (no such master key), corrupt (another master key of that id, another context, or damaged
  /// bytes), unavailable.
  [[nodiscard]] virtual Result<SecretKey> unwrap(const WrappedKey& wrapped, BytesView context) = 0;
  /// The one that wraps; SubjectKeys::rewrap() leaves alone what it has wrapped already.
  [[nodiscard]] virtual std::string newest_master_id() const = 0;

 protected:
  KeyProvider() = default;
};

}  // namespace cairn
