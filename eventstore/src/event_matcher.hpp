#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/eventstore/read_options.hpp>

#include "frame.hpp"
#include "name_table.hpp"

namespace cairn::log {

/// The last word on whether an event passes a filter, given by its frame.
class EventMatcher {
 public:
  explicit EventMatcher(EventFilter filter);

  /// Looks type names up again: types may have appeared since. `writer` sees unpublished ones.
  void resolve_types(const NameTable& types, bool writer);
  [[nodiscard]] bool matches(const FrameView& frame) const;
  [[nodiscard]] const EventFilter& filter() const noexcept { return filter_; }

 private:
  [[nodiscard]] bool matches_item(std::size_t item, const FrameView& frame) const;

  EventFilter filter_;
  bool restricts_ = false;                         ///< by types or tags
  std::vector<std::vector<std::uint32_t>> types_;  ///< numbers, one list for each item of the query
};

}  // namespace cairn::log
