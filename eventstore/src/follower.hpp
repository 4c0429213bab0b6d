#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/read_options.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/revision.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn::log {

class SqliteLog;

/// The place a subscription has reached, and the way on: through memory where the newest events suffice, through the
/// file otherwise. Both go by the same place, so there is no gap and no overlap between them, whichever comes next.
class Follower {
 public:
  virtual ~Follower() = default;

  /// One bounded read; it may find nothing though more follows. Holds no transaction afterwards and nothing of what
  /// the log shares. After an error the place is where it was.
  virtual Result<std::span<const RecordedEvent>> step() = 0;
  /// Everything wanted up to here was handed out.
  [[nodiscard]] virtual std::uint64_t scanned_through() const noexcept = 0;
  /// The last step reached the head, as it was then.
  [[nodiscard]] virtual bool caught_up() const noexcept = 0;
  /// Of one stream: the last step left out what is no longer kept, up to here.
  [[nodiscard]] virtual std::optional<Revision> truncated_before() const noexcept { return std::nullopt; }
  /// What to wait for, now that the last step found nothing.
  [[nodiscard]] virtual std::vector<std::uint64_t> wake_keys() const = 0;
  /// Gives memory back; the last step's events go.
  virtual void release() = 0;
};

[[nodiscard]] std::unique_ptr<Follower> make_filter_follower(const SqliteLog& log, EventFilter filter,
                                                             std::uint64_t after, std::size_t batch_bytes);
/// Hands out revisions from `next_revision` on, of events beyond position `after`.
[[nodiscard]] std::unique_ptr<Follower> make_stream_follower(const SqliteLog& log, StreamId stream,
                                                             std::uint64_t next_revision, std::uint64_t after,
                                                             std::size_t batch_bytes);

}  // namespace cairn::log
