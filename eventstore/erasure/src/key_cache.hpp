#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include <cairn/eventstore/secret_key.hpp>
#include <cairn/eventstore/unsealed.hpp>

#include "sealed_format.hpp"

namespace cairn::erasure {

/// A key, or that it was destroyed.
using KeyState = std::variant<SecretKey, Erased>;

/// The keys in use, by id and by the subject they were asked for, the least recently used dropped first. Thread-safe.
class KeyCache final {
 public:
  struct Entry {
    KeyId id;
    KeyState state;
  };

  explicit KeyCache(std::size_t keys_max);

  [[nodiscard]] std::optional<KeyState> find(const KeyId& id);
  [[nodiscard]] std::optional<Entry> find_subject(const std::string& subject);
  /// Replaces what is there. With `subject`: under that, too.
  void put(const KeyId& id, const KeyState& state, const std::string* subject = nullptr);
  void drop(const KeyId& id);
  /// The subject is looked up anew next time; its key stays.
  void forget_subject(const std::string& subject);
  void clear();

 private:
  struct HashId {
    // The ids are random.
    std::size_t operator()(const KeyId& id) const noexcept;
  };
  struct Node {
    Entry entry;
    std::string subject;  // empty: asked for by id only
  };
  using Nodes = std::list<Node>;

  void erase(Nodes::iterator node);

  const std::size_t keys_max_;
  std::mutex mutex_;
  Nodes nodes_;  // the most recently used first
  std::unordered_map<KeyId, Nodes::iterator, HashId> by_id_;
  std::unordered_map<std::string, Nodes::iterator> by_subject_;
};

}  // namespace cairn::erasure
