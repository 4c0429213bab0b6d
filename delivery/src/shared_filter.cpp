#include "shared_filter.hpp"

#include <algorithm>

namespace cairn::delivery {

bool same(const EventFilter& a, const EventFilter& b) {
  return a.category == b.category && a.stream_prefix == b.stream_prefix && a.system == b.system && a.query == b.query;
}

EventFilter shared_filter(std::span<const EventFilter* const> filters) {
  EventFilter shared = *filters.front();
  for (const EventFilter* filter : filters.subspan(1)) {
    if (same(*filter, shared)) continue;
    shared.system = shared.system || filter->system;
    if (filter->category != shared.category) shared.category.reset();
    if (filter->stream_prefix != shared.stream_prefix) shared.stream_prefix.reset();
    if (shared.query.empty() || filter->query.empty()) {
      shared.query = {};
      continue;
    }
    for (const EventQueryItem& item : filter->query.items) {
      if (std::ranges::find(shared.query.items, item) == shared.query.items.end()) shared.query.items.push_back(item);
    }
  }
  return shared;
}

}  // namespace cairn::delivery
