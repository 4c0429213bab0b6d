#include "condition.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "event_matcher.hpp"
#include "index_key.hpp"
#include "log_fetch.hpp"

namespace cairn::log {

namespace {

constexpr std::size_t candidates_step = 256;
/// Index entries are far cheaper to pass over than events, but not free.
constexpr std::size_t postings_per_event = 64;

EventMatcher matcher_of(const EventQueryItem& item, const NameTable& types) {
  EventMatcher matcher{EventFilter{.query = {{item}}, .system = true}};
  matcher.resolve_types(types, true);
  return matcher;
}

}  // namespace

Result<std::optional<GlobalPosition>> ConditionCheck::first_match(const EventQuery& query, GlobalPosition after) {
  for (const EventQueryItem& item : query.items) {
    auto match = match_item(item, after.value);
    if (!match || *match) return match;
  }
  return std::optional<GlobalPosition>{};
}

Result<std::optional<GlobalPosition>> ConditionCheck::match_item(const EventQueryItem& item, std::uint64_t after) {
  if (item.types.empty() && item.tags.empty()) {
    return Error{Errc::too_broad, "append_if: a condition item without types and tags matches every event; name some"};
  }
  auto match = item.tags.empty() ? match_types(item, after) : match_tags(item, after);
  if (!match || *match) return match;
  return match_group(item, after);
}

/// With types alone the last event of each type decides.
Result<std::optional<GlobalPosition>> ConditionCheck::match_types(const EventQueryItem& item, std::uint64_t after) {
  IndexSearch search{reader_, pending_};
  const std::uint64_t head = snapshot_.group_first - 1;
  for (const std::string& type : item.types) {
    const std::uint32_t number = types_.number_of(type);
    if (number == 0 || after >= head) continue;
    // Entries of events that were removed stay for a while; the last that is kept decides. What is removed lies
    // together mostly, so this passes over a run of it at a time.
    std::size_t passed = 0;
    for (std::uint64_t through = head; through > after; ++passed) {
      auto last = search.last(type_key(number), after + 1, through);
      if (!last) return std::move(last).error();
      if (!*last) break;
      auto kept = kept_through(**last);
      if (!kept) return std::move(kept).error();
      if (*kept == **last) return std::optional{GlobalPosition{**last}};
      if (passed == events_max_ * postings_per_event) return too_many("type " + type);
      through = *kept;
    }
  }
  return std::optional<GlobalPosition>{};
}

Result<std::uint64_t> ConditionCheck::kept_through(std::uint64_t position) {
  if (position >= snapshot_.memory_first()) return position;
  const auto kept = LogFetch{reader_, snapshot_, buffer_}.kept_slots(chunk_of(position));
  if (!kept) return kept.error();
  const std::uint64_t first = first_position_of(chunk_of(position));
  while (position >= first && !kept->holds(slot_of(position))) --position;
  return position;
}

Error ConditionCheck::too_many(const std::string& what) const {
  return Error{Errc::too_broad, fmt::format("append_if: more than {} events may match {}; raise `after` or add a tag",
                                            events_max_, what)};
}

Result<std::optional<GlobalPosition>> ConditionCheck::match_tags(const EventQueryItem& item, std::uint64_t after) {
  const EventMatcher matcher = matcher_of(item, types_);
  IndexPlan plan;
  plan.parts.emplace_back();
  for (const std::string& tag : item.tags) plan.parts.front().all_of.push_back(tag_key(tag));
  IndexSearch search{reader_, pending_};
  LogFetch fetch{reader_, snapshot_, buffer_};
  const std::uint64_t head = snapshot_.group_first - 1;
  std::size_t events = 0;
  std::size_t postings = 0;
  for (std::uint64_t next = after + 1; next <= head;) {
    auto candidates = search.find(plan, next, head, candidates_step, Direction::forward);
    if (!candidates) return std::move(candidates).error();
    events += candidates->positions.size();
    postings += candidates->postings_read;
    if (events > events_max_ || postings > events_max_ * postings_per_event) {
      return too_many("tag " + item.tags.front());
    }
    buffer_.reset(1U << 20U);
    for (const std::uint64_t position : candidates->positions) {
      auto frame = fetch.frame(position);
      if (!frame) return std::move(frame).error();
      if (*frame && matcher.matches(**frame)) return std::optional{GlobalPosition{position}};
    }
    next = candidates->scanned_through + 1;
  }
  return std::optional<GlobalPosition>{};
}

Result<std::optional<GlobalPosition>> ConditionCheck::match_group(const EventQueryItem& item, std::uint64_t after) {
  const EventMatcher matcher = matcher_of(item, types_);
  const std::uint64_t wanted = item.tags.empty() ? 0 : tag_key(item.tags.front());
  for (std::size_t i = 0; i < group_.events.size(); ++i) {
    const std::uint64_t position = snapshot_.group_first + i;
    if (position <= after) continue;
    const OpenGroup::Event& event = group_.events[i];
    const auto keys = std::span{group_.keys}.subspan(event.keys_begin, event.keys_end - event.keys_begin);
    if (!item.tags.empty() && std::ranges::find(keys, wanted) == keys.end()) continue;
    const auto frame = decode_verified_frame(group_.frames[i]);
    if (frame && matcher.matches(*frame)) return std::optional{GlobalPosition{position}};
  }
  return std::optional<GlobalPosition>{};
}

}  // namespace cairn::log
