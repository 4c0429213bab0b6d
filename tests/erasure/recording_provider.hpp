#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <cairn/eventstore/key_provider.hpp>

namespace cairn::test {

/// A provider in memory that remembers every key it was given and what it made of it, so that a test knows which bytes
/// must be nowhere. Its "wrapping" turns the bytes over and stores the context beside them: no cipher, and quick.
class RecordingProvider final : public KeyProvider {
 public:
  [[nodiscard]] Result<WrappedKey> wrap(const SecretKey& key, BytesView context) override;
  [[nodiscard]] Result<SecretKey> unwrap(const WrappedKey& wrapped, BytesView context) override;
  [[nodiscard]] std::string newest_master_id() const override;

  struct Made {
    Bytes plain;
    Bytes wrapped;
  };
  /// In the order of their making, the blind key of a file first.
  [[nodiscard]] std::vector<Made> made() const;
  [[nodiscard]] std::size_t unwrapped() const;
  void set_newest(std::string id);
  /// Every call fails with this from now on; nullptr: no more.
  void fail_with(const Error* error);
  /// Called by each unwrap() before it answers.
  void on_unwrap(std::function<void()> hook);

 private:
  mutable std::mutex mutex_;
  std::string newest_ = "k1";
  std::vector<Made> made_;
  std::size_t unwrapped_ = 0;
  std::vector<Error> failure_;
  std::function<void()> hook_;
};

}  // namespace cairn::test
