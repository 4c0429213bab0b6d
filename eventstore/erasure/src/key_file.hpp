#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/erase_report.hpp>
#include <cairn/eventstore/key_provider.hpp>
#include <cairn/eventstore/unsealed.hpp>

#include "key_connection.hpp"
#include "sealed_format.hpp"

namespace cairn::erasure {

/// A subject as the key file knows it: HMAC-SHA-256 of its id.
using SubjectHash = std::array<std::byte, 32>;

struct StoredKey {
  std::int64_t number = 0;
  KeyId id{};
  Bytes subject{};  ///< empty after readmit()
  WrappedKey wrapped{};
  std::optional<Erased> erased{};
};

/// The SQLite file of wrapped keys (docs/erasure.md). A rollback journal that is truncated and synced with each commit,
/// and secure_delete: what a commit replaced is in no file when it returns, and no crash brings it back.
/// After a failed write the file is opened anew by the next call, which undoes what was half done.
/// Errors: unavailable, storage_full, corrupt; outcome_unknown when a COMMIT failed. Not thread-safe.
class KeyFile final {
 public:
  /// Errors besides: those of SubjectKeys::open. `new_blind_key` gives the wrapped key for a new file.
  [[nodiscard]] static Result<std::unique_ptr<KeyFile>> open(const SubjectKeysOptions& options,
                                                             const std::function<Result<WrappedKey>()>& new_blind_key);

  [[nodiscard]] Result<WrappedKey> blind_key();
  [[nodiscard]] Result<std::optional<StoredKey>> find(const KeyId& id);
  [[nodiscard]] Result<std::optional<StoredKey>> find_subject(const SubjectHash& subject);
  struct NewKey {
    SubjectHash subject;
    KeyId id;
    WrappedKey wrapped;
  };
  /// Leaves out subjects that have a key or were erased; gives the number of the others.
  [[nodiscard]] Result<std::uint64_t> add(std::span<const NewKey> keys);

  struct Erasure {
    EraseReport report;
    KeyId id;
  };
  /// Writes also when there is nothing to destroy, so that its commit vouches for an earlier one that failed.
  /// `fresh` names the subject's row when it has none.
  [[nodiscard]] Result<Erasure> erase(const SubjectHash& subject, const KeyId& fresh, Timestamp now);
  [[nodiscard]] Result<bool> readmit(const SubjectHash& subject);

  /// The next keys after `number` that another master key than this wrapped.
  [[nodiscard]] Result<std::vector<StoredKey>> wrapped_by_others(std::string_view master_id, std::int64_t after,
                                                                 std::size_t keys_max);
  struct Rewrapped {
    StoredKey old;
    WrappedKey wrapped;
  };
  /// Those that are still as they were; gives their number.
  [[nodiscard]] Result<std::uint64_t> replace(std::span<const Rewrapped> keys);
  [[nodiscard]] Result<void> replace_blind_key(const WrappedKey& wrapped);
  /// Writes the whole file anew: no page keeps what stood in it before.
  [[nodiscard]] Result<void> rewrite();

 private:
  explicit KeyFile(KeyFilePlace place) noexcept : place_{std::move(place)} {}
  /// Runs `f` on an open connection.
  template <class F>
  auto read(F&& f) -> decltype(f());
  /// Runs `f` in a transaction of its own.
  template <class F>
  auto write(F&& f) -> decltype(f());
  Result<void> connect();
  Result<std::optional<StoredKey>> first_of(KeyStatement& statement);

  const KeyFilePlace place_;
  std::unique_ptr<KeyConnection> connection_;  // nothing after a failure
};

}  // namespace cairn::erasure
