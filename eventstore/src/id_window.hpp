#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cairn/core/uuid.hpp>

namespace cairn::log {

/// The ids of the last events, by which a repeated append is recognised. Holds those at the last `entries_max`
/// positions, and the open group's on top of them.
class IdWindow {
 public:
  explicit IdWindow(std::size_t entries_max) : entries_max_{entries_max} {}

  [[nodiscard]] std::optional<std::uint64_t> position_of(const Uuid& id) const;
  void add(const Uuid& id, std::uint64_t position);
  /// Adds an id that is older than all in here: the window is read back from its end.
  void add_older(const Uuid& id, std::uint64_t position);
  /// Forgets what was added above `position`: a savepoint was rolled back.
  void forget_after(std::uint64_t position);
  /// Drops the oldest above the bound: between groups only, so that a roll-back never misses what was dropped.
  void trim();
  void clear();

 private:
  struct Entry {
    Uuid id;
    std::uint64_t position;
  };
  std::size_t entries_max_;
  std::deque<Entry> order_;
  boost::unordered_flat_map<Uuid, std::uint64_t, std::hash<Uuid>> positions_;
};

}  // namespace cairn::log
