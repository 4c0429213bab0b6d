#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/metrics.hpp>
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
  /// Of one stream: what the last step found is no continuation of what came before it. See Subscription::Batch.
  [[nodiscard]] virtual std::optional<Revision> truncated_before() const noexcept { return std::nullopt; }
  /// SqliteLog::retention_version() as of the last step; the greatest number where that does not matter.
  [[nodiscard]] virtual std::uint64_t retention_seen() const noexcept {
    return std::numeric_limits<std::uint64_t>::max();
  }
  /// What to wait for, now that the last step found nothing.
  [[nodiscard]] virtual std::vector<std::uint64_t> wake_keys() const = 0;
  /// Gives memory back; the last step's events go.
  virtual void release() = 0;
};

/// `file_reads` counts how often the followers turn to the file, each time for as many steps as it takes.
[[nodiscard]] std::unique_ptr<Follower> make_filter_follower(const SqliteLog& log, EventFilter filter,
                                                             std::uint64_t after, std::size_t batch_bytes,
                                                             Counter& file_reads);
struct StreamStart {
  std::uint64_t next_revision = 0;  ///< the first to hand out
  std::uint64_t after = 0;          ///< position; only events beyond it
  std::uint64_t deletion_told = 0;  ///< the revision before which the stream is known to be deleted
};
[[nodiscard]] std::unique_ptr<Follower> make_stream_follower(const SqliteLog& log, StreamId stream,
                                                             const StreamStart& start, std::size_t batch_bytes,
                                                             Counter& file_reads);

}  // namespace cairn::log
