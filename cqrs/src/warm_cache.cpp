#include <cairn/cqrs/warm_cache.hpp>

#include <iterator>
#include <tuple>
#include <utility>

namespace cairn::detail {

// The node, its place in the map, and the control block of the state.
std::size_t WarmCache::cost(const Node& node) noexcept {
  constexpr std::size_t map_node = 48;
  return sizeof(Node) + map_node + node.stream.text().size() + node.entry.bytes;
}

std::shared_ptr<const void> WarmCache::find(const StreamId& stream, std::uint64_t epoch) {
  const std::lock_guard lock{mutex_};
  const auto found = by_stream_.find(stream.text());
  if (found == by_stream_.end()) return nullptr;
  const auto node = found->second;
  if (node->entry.epoch != epoch) {
    erase(node);
    return nullptr;
  }
  nodes_.splice(nodes_.begin(), nodes_, node);
  return node->entry.state;
}

void WarmCache::put(const StreamId& stream, Entry entry) {
  Node made{stream, std::move(entry)};
  const std::size_t size = cost(made);
  const std::lock_guard lock{mutex_};
  if (const auto found = by_stream_.find(stream.text()); found != by_stream_.end()) {
    const Entry& kept = found->second->entry;
    if (std::tie(kept.epoch, kept.revision) >= std::tie(made.entry.epoch, made.entry.revision)) return;
    erase(found->second);
  }
  if (bounds_.entries == 0 || size > bounds_.bytes) return;
  while (nodes_.size() >= bounds_.entries || bytes_ + size > bounds_.bytes) erase(std::prev(nodes_.end()));
  nodes_.push_front(std::move(made));
  by_stream_.emplace(nodes_.front().stream.text(), nodes_.begin());
  bytes_ += size;
}

void WarmCache::drop(const StreamId& stream, Revision revision) {
  const std::lock_guard lock{mutex_};
  const auto found = by_stream_.find(stream.text());
  if (found != by_stream_.end() && found->second->entry.revision <= revision) erase(found->second);
}

std::size_t WarmCache::entries() const {
  const std::lock_guard lock{mutex_};
  return nodes_.size();
}

std::size_t WarmCache::bytes() const {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

void WarmCache::erase(Nodes::iterator node) {
  bytes_ -= cost(*node);
  by_stream_.erase(node->stream.text());
  nodes_.erase(node);
}

}  // namespace cairn::detail
