#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/erase_report.hpp>
#include <cairn/eventstore/key_provider.hpp>
#include <cairn/eventstore/sealed.hpp>
#include <cairn/eventstore/subject_id.hpp>
#include <cairn/eventstore/unsealed.hpp>

namespace cairn {

class Clock;
class MemoryVfs;
class SecureRandom;

struct SubjectKeysOptions {
  /// A file of its own, beside the store and not in it: what erases must not be in the store's backups.
  std::filesystem::path file;
  /// A missing file is made. Without it, a service that finds its keys gone says so instead of making new ones.
  bool create = true;
  /// Keys in memory, unwrapped: about 200 bytes each; another costs a look-up and the provider's unwrap().
  std::size_t cache_keys_max = 16'384;
  /// Keep the file on this file system instead of the disk; it outlives the keys.
  MemoryVfs* memory = nullptr;
};

/// What it is handed; a null pointer means the system's own. They must outlive it.
struct SubjectKeysParts {
  KeyProvider& master;
  Clock* clock = nullptr;
  SecureRandom* random = nullptr;
};

/// What a sealed value is tied to beside its subjects, type and key.
struct SealContext {
  /// Not stored; unseal() must be given the same. The name of the event's stream, say: a ciphertext that is moved to
  /// another stream is then `corrupt`. Any bytes.
  std::string_view bound_to{};
};

struct BlindTag {
  std::string_view name;   ///< "email"; stands in the tag as it is; 1 to 200 bytes, as a tag's
  std::string_view value;  ///< "ann@example.org"; normalise it first, a different letter is a different tag
};

/// The keys by which personal data in events can be read, one for each subject, and so the means to erase it from a log
/// that never forgets: without the key, everything sealed for the subject is noise, in every copy there is.
///
///     auto keys = SubjectKeys::open({.file = "bank.db-keys"}, {.master = *master}).value();
///     Registered event{"gold", keys->seal(SubjectId{"person-7"}, Contact{"Ann", "ann@example.org"}).value()};
///     auto contact = keys->unseal(event.contact).value();  // Unsealed<Contact>: the value, or Erased
///     keys->erase(SubjectId{"person-7"}).value();
///
/// AES-256-GCM with a random key for each subject, wrapped by the provider's master key (docs/erasure.md).
/// Errors of every call: not_found, corrupt and unavailable from the provider; unavailable, storage_full or corrupt
/// from the file; unavailable without randomness. Values in use cost no look-up. Thread-safe.
class SubjectKeys final {
 public:
  /// Opens the file, or makes it, readable by its owner only. Errors besides: not_found (no file and `create` is false,
  /// no such directory), invalid (no key file, a newer format), busy_owner (open elsewhere). Another master key than
  /// the file was made with is an error here (corrupt, not_found), and nothing is changed.
  [[nodiscard]] static Result<std::unique_ptr<SubjectKeys>> open(const SubjectKeysOptions& options,
                                                                 SubjectKeysParts parts);
  ~SubjectKeys();
  SubjectKeys(const SubjectKeys&) = delete;
  SubjectKeys& operator=(const SubjectKeys&) = delete;

  /// Makes the subject's key, durably, if it has none. Errors besides: rejected (the subject was erased), invalid (no
  /// or a too long id, more than 16 MiB), and those of T's codec.
  template <Sealable T>
  [[nodiscard]] Result<Sealed<T>> seal(const SubjectId& subject, const T& value, const SealContext& context = {}) {
    return seal(std::span{&subject, 1}, value, context);
  }
  [[nodiscard]] Result<Sealed<std::string>> seal(const SubjectId& subject, std::string_view text,
                                                 const SealContext& context = {}) {
    return seal(subject, std::string{text}, context);
  }
  /// A value about several (a message between two): readable as long as none of them is erased. At most 64, each once.
  template <Sealable T>
  [[nodiscard]] Result<Sealed<T>> seal(std::span<const SubjectId> subjects, const T& value,
                                       const SealContext& context = {}) {
    auto plain = detail::SealedCodec<T>::encode(value);
    if (!plain) return std::move(plain).error();
    auto sealed = seal_bytes(subjects, detail::SealedCodec<T>::shape, *plain, context);
    if (!sealed) return std::move(sealed).error();
    return Sealed<T>{*std::move(sealed)};
  }

  /// Makes the keys of those subjects that have none, in one commit instead of one each: before an import. Subjects
  /// that were erased stay so. Gives the number of keys made. Errors besides: invalid (an id).
  Result<std::uint64_t> prepare(std::span<const SubjectId> subjects);

  /// The value, or that a subject of it was erased. Errors besides: invalid (nothing sealed), corrupt (damaged, of
  /// another type, bound to something else), not_found (a key this file never had: it is not the file it was sealed
  /// with, or an old copy; that is no erasure), and those of T's codec: unknown_schema for another schema version.
  template <Sealable T>
  [[nodiscard]] Result<Unsealed<T>> unseal(const Sealed<T>& sealed, const SealContext& context = {}) {
    auto plain = unseal_bytes(sealed.bytes(), detail::SealedCodec<T>::shape.type, context);
    if (!plain) return std::move(plain).error();
    if (const auto erased = plain->erased()) return Unsealed<T>{*erased};
    auto value = detail::SealedCodec<T>::decode((*plain)->shape, (*plain)->data);
    if (!value) return std::move(value).error();
    return Unsealed<T>{*std::move(value)};
  }

  /// Destroys the subject's key: in the file, its journal and memory. Durable on return, and repeating it does no harm.
  /// From then on seal() refuses the subject, so that a command under way does not begin anew what was just erased.
  /// What it does not reach is listed in EraseReport::not_covered.
  /// Errors besides: invalid (the id), outcome_unknown (the commit failed: the subject is whole or erased; call again).
  Result<EraseReport> erase(const SubjectId& subject);
  /// A subject that was erased comes back: seal() makes a fresh key. What was erased stays so. False: it was not
  /// erased.
  Result<bool> readmit(const SubjectId& subject);

  /// A tag for an exact search without the plain text: "email:" and 32 hexadecimal digits, HMAC-SHA-256 of name and
  /// value under a key of this file. Equal for equal values of all subjects, so that `fail_if_exists` finds an address
  /// that is taken; for the same reason it survives erase(), and who holds the key file and its master key can try
  /// values against it. Errors besides: invalid (a name or an empty value).
  [[nodiscard]] Result<std::string> blind_tag(const BlindTag& tag) const;

  /// After a new master key: wraps every key again that an older one wrapped, and rewrites the file; then the old one
  /// can be destroyed, and with it the worth of every old copy of the file. Gives their number. In slices: other calls
  /// go on between them. Safe to repeat after an error or a crash.
  Result<std::uint64_t> rewrap();

 private:
  struct Impl;
  struct Plain {
    detail::SealedShape shape;
    Bytes data;
  };
  explicit SubjectKeys(std::unique_ptr<Impl> impl) noexcept;
  [[nodiscard]] Result<Bytes> seal_bytes(std::span<const SubjectId> subjects, const detail::SealedShape& shape,
                                         BytesView plain, const SealContext& context);
  [[nodiscard]] Result<Unsealed<Plain>> unseal_bytes(BytesView sealed, std::string_view type,
                                                     const SealContext& context);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
