#include "key_cache.hpp"

#include <algorithm>
#include <cstring>

namespace cairn::erasure {

std::size_t KeyCache::HashId::operator()(const KeyId& id) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, id.data(), sizeof hash);
  return hash;
}

KeyCache::KeyCache(std::size_t keys_max) : keys_max_{std::max<std::size_t>(keys_max, 1)} {}

std::optional<KeyState> KeyCache::find(const KeyId& id) {
  const std::lock_guard lock{mutex_};
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  nodes_.splice(nodes_.begin(), nodes_, found->second);
  return found->second->entry.state;
}

std::optional<KeyCache::Entry> KeyCache::find_subject(const std::string& subject) {
  const std::lock_guard lock{mutex_};
  const auto found = by_subject_.find(subject);
  if (found == by_subject_.end()) return std::nullopt;
  nodes_.splice(nodes_.begin(), nodes_, found->second);
  return found->second->entry;
}

void KeyCache::put(const KeyId& id, const KeyState& state, const std::string* subject) {
  const std::lock_guard lock{mutex_};
  std::string name = subject != nullptr ? *subject : std::string{};
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    if (name.empty()) name = known->second->subject;
    erase(known->second);
  }
  if (const auto known = by_subject_.find(name); known != by_subject_.end()) erase(known->second);
  nodes_.push_front(Node{.entry = {.id = id, .state = state}, .subject = name});
  by_id_.emplace(id, nodes_.begin());
  if (!name.empty()) by_subject_.emplace(std::move(name), nodes_.begin());
  if (nodes_.size() > keys_max_) erase(std::prev(nodes_.end()));
}

void KeyCache::drop(const KeyId& id) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_id_.find(id); found != by_id_.end()) erase(found->second);
}

void KeyCache::forget_subject(const std::string& subject) {
  const std::lock_guard lock{mutex_};
  const auto found = by_subject_.find(subject);
  if (found == by_subject_.end()) return;
  found->second->subject.clear();
  by_subject_.erase(found);
}

void KeyCache::clear() {
  const std::lock_guard lock{mutex_};
  by_id_.clear();
  by_subject_.clear();
  nodes_.clear();
}

void KeyCache::erase(Nodes::iterator node) {
  by_id_.erase(node->entry.id);
  if (!node->subject.empty()) by_subject_.erase(node->subject);
  nodes_.erase(node);
}

}  // namespace cairn::erasure
