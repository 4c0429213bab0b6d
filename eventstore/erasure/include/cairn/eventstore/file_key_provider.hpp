#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <cairn/eventstore/key_provider.hpp>

namespace cairn {

class SecureRandom;

/// Master keys in a file that only its owner can read: one line for each, the newest last (docs/erasure.md). Keep it
/// away from the store, its key file and their backups: who has both can read everything, who loses it can read
/// nothing.
///
///     FileKeyProvider::create("/etc/bank/master.key");                 // once, by whoever installs the service
///     auto master = FileKeyProvider::open("/etc/bank/master.key").value();
///
/// Thread-safe. The file is read once, by open().
class FileKeyProvider final : public KeyProvider {
 public:
  /// Makes the file, mode 0600, with one new key; durable on return. Without `random`: OpenSslRandom.
  /// Errors: already_exists (never written over), not_found (no such directory), unavailable.
  static Result<void> create(const std::filesystem::path& file, SecureRandom* random = nullptr);
  /// Adds a newer key. Providers that are open do not see it: open the file again, then SubjectKeys::rewrap().
  /// Replaces the file as a whole, so a crash leaves the old or the new one. Errors: those of open(), unavailable.
  static Result<void> add_key(const std::filesystem::path& file, SecureRandom* random = nullptr);
  /// Errors: not_found (no such file), invalid (others than its owner can read or write it, no regular file, not a
  /// file of master keys, a key of another size, an id twice; names the line), unavailable.
  [[nodiscard]] static Result<std::unique_ptr<FileKeyProvider>> open(const std::filesystem::path& file,
                                                                     SecureRandom* random = nullptr);
  ~FileKeyProvider() override;

  [[nodiscard]] Result<WrappedKey> wrap(const SecretKey& key, BytesView context) override;
  [[nodiscard]] Result<SecretKey> unwrap(const WrappedKey& wrapped, BytesView context) override;
  [[nodiscard]] std::string newest_master_id() const override;

 private:
  struct Impl;
  explicit FileKeyProvider(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
