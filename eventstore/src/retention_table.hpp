#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/unit.hpp>
#include <cairn/eventstore/stream_retention.hpp>

namespace cairn::log {

/// A row of table stream_retention. docs/format.md, "Retention".
struct StoredRetention {
  StreamRetention keep{};
  std::uint64_t deleted_before = 0;  ///< revisions below belong to a deleted life of the stream
  std::uint64_t removed_before = 0;  ///< revisions below may have been removed from the log by scavenge
  bool tombstone = false;

  /// Whether a stream whose next revision is `next_revision` reads as existing.
  [[nodiscard]] bool exists(std::uint64_t next_revision) const noexcept {
    return !tombstone && next_revision > deleted_before;
  }
  /// First revision kept of a stream whose next one is `next_revision`, age left aside.
  [[nodiscard]] std::uint64_t first_kept(std::uint64_t next_revision) const noexcept;
  /// Whether age lets go of an event.
  [[nodiscard]] bool is_too_old(Timestamp recorded_at, Timestamp now) const noexcept {
    return keep.age_max && now - recorded_at > *keep.age_max;
  }
};

/// Nothing when the stream has no row. Errors: corrupt (numbers that nobody wrote).
Result<std::optional<StoredRetention>> read_retention(SqlReader& reader, std::uint32_t stream);
/// What EventStore::retention() answers; `head` is the stream's last revision, nothing when it does not exist.
Result<StreamRetention> retention_setting(SqlReader& reader, std::string_view stream, std::optional<Revision> head);
Result<void> write_retention(Unit& unit, std::uint32_t stream, const StoredRetention& retention);

}  // namespace cairn::log
