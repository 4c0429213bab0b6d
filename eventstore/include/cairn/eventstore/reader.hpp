#pragma once

#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <cairn/core/call_user.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

namespace detail {
class LogCursor;
}

/// A bounded pull over the log. Each step reads one batch in a short transaction of its own, verifies it and
/// hands out views; between steps nothing is held but memory, so a slow consumer costs nobody anything.
/// A reader sees what was committed when its step began; a forward reader that reached the end finds what came
/// since by calling next() again.
/// Errors of every step: corrupt (names the place), unavailable, timeout (all read connections busy).
/// Not thread-safe; many readers may run at once. The store must outlive it.
class Reader final {
 public:
  explicit Reader(std::unique_ptr<detail::LogCursor> cursor) noexcept;
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  /// The next events, at least one, or none at the end. Views are good until the next call.
  [[nodiscard]] Result<std::span<const RecordedEvent>> next();

  /// Highest position this reader has looked at (forward), also when a filter let nothing through.
  [[nodiscard]] GlobalPosition scanned_through() const noexcept;

  /// Of a stream read: the first revision the stream keeps, once the read left out older ones that were asked for and
  /// are cut by its retention or deletion; nothing while it left out none.
  [[nodiscard]] std::optional<Revision> truncated_before() const noexcept;
  /// Of a read that came to the stream's end (each backward one did, a forward one unless `to` or events_max ended it):
  /// the stream's last revision then, kept or not, or nothing when there is no such stream.
  [[nodiscard]] std::optional<Revision> stream_head() const noexcept;

  /// Calls `f(const RecordedEvent&)` for every remaining event. `f` returns void, or Result<void> to stop with an
  /// error.
  template <class F>
  Result<void> for_each(F&& f) {
    for (;;) {
      auto batch = next();
      if (!batch) return std::move(batch).error();
      if (batch->empty()) return {};
      for (const RecordedEvent& event : *batch) {
        if constexpr (std::is_void_v<std::invoke_result_t<F&, const RecordedEvent&>>) {
          f(event);
        } else {
          if (auto done = f(event); !done) return done;
        }
      }
    }
  }

  /// Copies every remaining event; for short reads.
  [[nodiscard]] Result<std::vector<OwnedEvent>> collect();

 private:
  std::unique_ptr<detail::LogCursor> cursor_;
};

}  // namespace cairn
