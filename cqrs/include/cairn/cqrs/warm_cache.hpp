#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include <cairn/eventstore/revision.hpp>
#include <cairn/eventstore/stream_id.hpp>

namespace cairn::detail {

/// The states that a command handler used last, by stream, within a number of entries and of bytes; who was not asked
/// for longest goes first. Knows nothing of what a state is. An entry of an earlier epoch of the database is none.
/// Thread-safe.
class WarmCache final {
 public:
  struct Bounds {
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };
  struct Entry {
    std::shared_ptr<const void> state;
    Revision revision;
    std::uint64_t epoch = 0;
    std::size_t bytes = 0;  ///< that the state holds; what an entry costs beside is added
  };

  explicit WarmCache(Bounds bounds) : bounds_{bounds} {}

  /// What is kept of the stream, or nullptr.
  [[nodiscard]] std::shared_ptr<const void> find(const StreamId& stream, std::uint64_t epoch);
  /// Keeps the entry unless a newer one is there. One that is larger than everything may be is not kept.
  void put(const StreamId& stream, Entry entry);
  /// Forgets what is kept of the stream up to and including `revision`; what somebody put since then stays.
  void drop(const StreamId& stream, Revision revision);

  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Node {
    StreamId stream;
    Entry entry;
  };
  using Nodes = std::list<Node>;  // the last one used first
  [[nodiscard]] static std::size_t cost(const Node& node) noexcept;
  void erase(Nodes::iterator node);

  const Bounds bounds_;
  mutable std::mutex mutex_;
  Nodes nodes_;
  std::unordered_map<std::string_view, Nodes::iterator> by_stream_;  // views into nodes_
  std::size_t bytes_ = 0;
};

}  // namespace cairn::detail
