#include <cairn/eventstore/filter_match.hpp>

#include <algorithm>

#include <cairn/eventstore/stream_id.hpp>

namespace cairn {

bool matches(const EventFilter& filter, const RecordedEvent& event) {
  if (!filter.system && event.stream.front() == '$') return false;
  if (filter.category && StreamId::category_of(event.stream) != *filter.category) return false;
  if (filter.stream_prefix && !event.stream.starts_with(*filter.stream_prefix)) return false;
  const auto fits = [&](const EventQueryItem& item) {
    if (!item.types.empty() && std::ranges::find(item.types, event.type) == item.types.end()) return false;
    return std::ranges::all_of(item.tags, [&](const std::string& tag) { return event.metadata.has_tag(tag); });
  };
  return filter.query.empty() || std::ranges::any_of(filter.query.items, fits);
}

}  // namespace cairn
