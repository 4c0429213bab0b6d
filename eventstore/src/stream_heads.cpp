#include "stream_heads.hpp"

namespace cairn::log {

bool StreamHead::meets(ExpectedRevision expected) const noexcept {
  switch (expected.kind()) {
    case ExpectedRevision::Kind::any: return true;
    case ExpectedRevision::Kind::no_stream: return !exists();
    case ExpectedRevision::Kind::stream_exists: return exists();
    case ExpectedRevision::Kind::exactly: return exists() && expected.revision().value == next_revision - 1;
  }
  return false;
}

StreamHead* StreamHeads::find(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  StreamHead& head = *found->second;
  recent_.splice(recent_.begin(), recent_, recent_.iterator_to(head));
  return &head;
}

StreamHead& StreamHeads::insert(std::string_view name) {
  auto entry = std::make_unique<StreamHead>();
  entry->name = name;
  StreamHead& head = *entry;
  by_name_.emplace(std::string_view{head.name}, std::move(entry));
  recent_.push_front(head);
  return head;
}

void StreamHeads::trim() {
  while (by_name_.size() > entries_max_) {
    StreamHead& oldest = recent_.back();
    recent_.pop_back();
    by_name_.erase(std::string_view{oldest.name});
  }
}

void StreamHeads::clear() {
  recent_.clear();
  by_name_.clear();
}

}  // namespace cairn::log
