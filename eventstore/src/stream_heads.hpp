#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cairn/eventstore/expected_revision.hpp>

namespace cairn::log {

/// What the writer remembers of a stream. `number` is 0 while there never was one.
struct StreamHead : boost::intrusive::list_base_hook<> {
  std::string name;
  std::uint32_t number = 0;
  std::uint32_t category = 0;
  std::uint64_t next_revision = 0;
  std::uint64_t deleted_before = 0;  ///< the next revision when it was last deleted
  bool tombstone = false;

  [[nodiscard]] bool exists() const noexcept { return !tombstone && next_revision > deleted_before; }
  [[nodiscard]] bool meets(ExpectedRevision expected) const noexcept;
};

/// The writer's bounded memory of streams, least recently used out first. Entries do not move, so that a group
/// can point at them; trim() runs between groups only.
class StreamHeads {
 public:
  explicit StreamHeads(std::size_t entries_max) : entries_max_{entries_max} {}
  ~StreamHeads() { clear(); }
  StreamHeads(const StreamHeads&) = delete;
  StreamHeads& operator=(const StreamHeads&) = delete;

  /// The entry of `name`, or nullptr; makes it the most recent.
  [[nodiscard]] StreamHead* find(std::string_view name);
  StreamHead& insert(std::string_view name);
  /// Drops the least recently used entries above the bound.
  void trim();
  void clear();
  [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

 private:
  std::size_t entries_max_;
  boost::unordered_flat_map<std::string_view, std::unique_ptr<StreamHead>> by_name_;
  boost::intrusive::list<StreamHead> recent_;
};

}  // namespace cairn::log
