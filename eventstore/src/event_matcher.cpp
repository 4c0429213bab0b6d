#include "event_matcher.hpp"

#include <algorithm>

#include <cairn/eventstore/stream_id.hpp>

#include "metadata_codec.hpp"

namespace cairn::log {

namespace {

bool unrestricted(const EventQueryItem& item) { return item.types.empty() && item.tags.empty(); }

bool has_tag(BytesView metadata, std::string_view wanted) {
  bool found = false;
  for_each_tag(metadata, [&](std::string_view tag) {
    found = tag == wanted;
    return !found;
  });
  return found;
}

}  // namespace

EventMatcher::EventMatcher(EventFilter filter) : filter_{std::move(filter)}, types_(filter_.query.items.size()) {
  restricts_ = !filter_.query.empty() && std::ranges::none_of(filter_.query.items, unrestricted);
}

void EventMatcher::resolve_types(const NameTable& types, bool writer) {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    types_[i].clear();
    for (const std::string& name : filter_.query.items[i].types) {
      const std::uint32_t number = writer ? types.number_of(name) : types.published_number_of(name);
      if (number != 0) types_[i].push_back(number);
    }
  }
}

bool EventMatcher::matches(const FrameView& frame) const {
  if (!filter_.system && frame.stream_name.front() == '$') return false;
  if (filter_.category && StreamId::category_of(frame.stream_name) != *filter_.category) return false;
  if (filter_.stream_prefix && !frame.stream_name.starts_with(*filter_.stream_prefix)) return false;
  if (!restricts_) return true;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (matches_item(i, frame)) return true;
  }
  return false;
}

bool EventMatcher::matches_item(std::size_t item, const FrameView& frame) const {
  const EventQueryItem& wanted = filter_.query.items[item];
  if (!wanted.types.empty() && std::ranges::find(types_[item], frame.type) == types_[item].end()) return false;
  return std::ranges::all_of(wanted.tags, [&](const std::string& tag) { return has_tag(frame.metadata, tag); });
}

}  // namespace cairn::log
