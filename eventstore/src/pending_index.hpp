#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

namespace cairn::log {

using Positions = boost::container::small_vector<std::uint64_t, 2>;

/// Positions of one stream's events, for consecutive revisions from `first_revision` on.
struct StreamRun {
  std::uint64_t first_revision = 0;
  Positions positions;
};

/// Index entries that are not in the index tables yet, or not all of them.
struct IndexGeneration {
  boost::unordered_flat_map<std::uint32_t, StreamRun> streams;
  boost::unordered_flat_map<std::uint64_t, Positions> postings;
  std::uint64_t events = 0;
  std::uint64_t first_position = 0;
  std::uint64_t last_position = 0;

  void add(std::uint64_t position, std::uint32_t stream, std::uint64_t revision,
           std::span<const std::uint64_t> posting_keys);
};

/// The published part of the indexes that waits in memory: an active generation that grows, and at most one
/// frozen generation that is being written to the tables in key order, slice by slice. The writer changes it;
/// readers take copies of single lists.
///
/// A reader combines this with the tables: per key, the tables hold a prefix of all entries and this a suffix;
/// they may overlap, never leave a gap, provided that no generation was dropped between the start of the read
/// transaction and the look-up here. generations_dropped() tells.
class PendingIndex {
 public:
  struct Event {
    std::uint64_t position;
    std::uint64_t revision;
    std::uint32_t stream;
    std::span<const std::uint64_t> posting_keys;
  };

  /// Adds events in position order. Writer's thread.
  template <class Events, class ToEvent>
  void add(const Events& events, ToEvent&& to_event) {
    const std::unique_lock lock{mutex_};
    for (const auto& item : events) {
      const Event event = to_event(item);
      active_->add(event.position, event.stream, event.revision, event.posting_keys);
    }
  }

  /// The active generation becomes the frozen one and a new one begins. Requires: nothing is frozen.
  void freeze();
  /// The frozen generation, or nullptr; unchanged until dropped.
  [[nodiscard]] const IndexGeneration* frozen() const noexcept { return frozen_.get(); }
  [[nodiscard]] std::uint64_t active_events() const noexcept { return active_->events; }
  /// The frozen generation is in the tables and durable.
  void drop_frozen();
  void clear();

  /// Events whose entries wait here. Any thread.
  [[nodiscard]] std::uint64_t events() const;
  [[nodiscard]] std::uint64_t generations_dropped() const;
  /// Whether the entries of all events from `from` to `through` are here, so that the tables need not be asked.
  [[nodiscard]] bool holds(std::uint64_t from, std::uint64_t through) const;
  /// Appends the positions of revisions [from, to] that wait here, and returns the revision of the first appended.
  [[nodiscard]] std::optional<std::uint64_t> stream_positions(std::uint32_t stream, std::uint64_t from,
                                                              std::uint64_t to, std::vector<std::uint64_t>& out) const;
  /// Last revision of the stream that waits here.
  [[nodiscard]] std::optional<std::uint64_t> last_revision(std::uint32_t stream) const;
  /// Appends up to `limit` waiting positions of `key` within [from, to], ascending: the lowest ones, or with
  /// `highest` the highest ones.
  void posting_positions(std::uint64_t key, std::uint64_t from, std::uint64_t to, std::size_t limit, bool highest,
                         std::vector<std::uint64_t>& out) const;

 private:
  mutable std::shared_mutex mutex_;
  std::unique_ptr<IndexGeneration> active_ = std::make_unique<IndexGeneration>();
  std::unique_ptr<IndexGeneration> frozen_;
  std::uint64_t dropped_ = 0;
};

}  // namespace cairn::log
