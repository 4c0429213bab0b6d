#include "fault/told_ledger.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace cairn::test {
namespace {

bool same_event(const OwnedEvent& stored, const NewEvent& sent) {
  return stored.id == sent.id && stored.type == sent.type && stored.schema_version == sent.schema_version &&
         stored.content_type == sent.content_type && stored.data == sent.data && stored.metadata == sent.metadata;
}

}  // namespace

std::size_t ToldLedger::asked(AppendRequest request) {
  entries_.push_back({std::move(request)});
  return entries_.size() - 1;
}

void ToldLedger::told(std::size_t number, const Result<std::vector<Appended>>& outcome) {
  Entry& entry = entries_[number];
  if (!outcome) {
    if (outcome.error().code() != Errc::outcome_unknown) entry.known = Known::refused;
    return;
  }
  entry.known = Known::acknowledged;
  entry.place = *outcome;
  ++acknowledged_;
  for (const AppendRequest::Part& part : entry.request.parts) {
    stream_events_[part.stream.text()] += part.events.size();
    for (const NewEvent& event : part.events) {
      for (const std::string& tag : event.metadata.tags) ++tags_[tag];
    }
  }
}

const std::vector<Appended>* ToldLedger::place(std::size_t number) const {
  return entries_[number].known == Known::acknowledged ? &entries_[number].place : nullptr;
}

std::vector<std::size_t> ToldLedger::open_requests() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].known == Known::open) found.push_back(i);
  }
  return found;
}

std::uint64_t ToldLedger::events_of(std::string_view stream) const {
  const auto found = stream_events_.find(stream);
  return found == stream_events_.end() ? 0 : found->second;
}

std::string ToldLedger::lie(std::span<const OwnedEvent> log) const {
  Index by_id;
  for (const OwnedEvent& event : log) by_id.emplace(event.id, &event);
  std::size_t present = 0;
  for (const Entry& entry : entries_) {
    if (std::string found = lie_of(entry, by_id, present); !found.empty()) return found;
  }
  if (present == log.size()) return {};
  return std::to_string(log.size() - present) + " events in the log that nobody asked for";
}

std::string ToldLedger::lie_of(const Entry& entry, const Index& by_id, std::size_t& present) {
  const std::vector<Uuid> ids = entry.request.ids();
  const auto found =
      static_cast<std::size_t>(std::ranges::count_if(ids, [&](const Uuid& id) { return by_id.contains(id); }));
  present += found;
  if (found != 0 && found != ids.size()) {
    return entry.request.to_string() + ": " + std::to_string(found) + " of " + std::to_string(ids.size()) +
           " events are there";
  }
  if (entry.known == Known::refused) return found == 0 ? "" : entry.request.to_string() + ": refused, yet there";
  if (entry.known == Known::open) {
    for (std::size_t i = 0; found != 0 && i < entry.request.parts.size(); ++i) {
      const AppendRequest::Part& part = entry.request.parts[i];
      const OwnedEvent& first = *by_id.at(part.events.front().id);
      const Appended place{.first_revision = first.revision,
                           .last_revision = {first.revision.value + part.events.size() - 1},
                           .first_position = first.position,
                           .last_position = {first.position.value + part.events.size() - 1}};
      if (std::string wrong = displaced(part, place, by_id); !wrong.empty()) return wrong;
    }
    return {};
  }
  if (found == 0) return entry.request.to_string() + ": acknowledged, yet missing";
  for (std::size_t i = 0; i < entry.request.parts.size(); ++i) {
    if (std::string wrong = displaced(entry.request.parts[i], entry.place[i], by_id); !wrong.empty()) return wrong;
  }
  return {};
}

std::string ToldLedger::displaced(const AppendRequest::Part& part, const Appended& place, const Index& by_id) {
  for (std::size_t i = 0; i < part.events.size(); ++i) {
    const OwnedEvent& stored = *by_id.at(part.events[i].id);
    const bool right = same_event(stored, part.events[i]) && stored.stream == part.stream.text() &&
                       stored.revision.value == place.first_revision.value + i &&
                       stored.position.value == place.first_position.value + i;
    if (right) continue;
    return part.stream.text() + ": event " + std::to_string(i) + " of the batch at revision " +
           std::to_string(place.first_revision.value) + ", position " + std::to_string(place.first_position.value) +
           " is not what was sent, or stands at revision " + std::to_string(stored.revision.value) + ", position " +
           std::to_string(stored.position.value) + " of " + stored.stream;
  }
  return {};
}

std::string ToldLedger::settle(EventStore& store, Errors errors) {
  for (const std::size_t number : open_requests()) {
    const auto wrong = settle_one(store, number);
    if (!wrong && errors == Errors::allowed && is_trouble(wrong.error().code())) return {};
    const std::string said = wrong ? *wrong : wrong.error().to_string();
    if (!said.empty()) return "settle " + entries_[number].request.to_string() + ": " + said;
  }
  return {};
}

Result<std::string> ToldLedger::settle_one(EventStore& store, std::size_t number) {
  const AppendRequest& asked = entries_[number].request;
  const std::vector<Uuid> ids = asked.ids();
  const auto resolved = store.resolve(ids);
  if (!resolved) return resolved.error();
  const auto committed =
      std::ranges::count_if(*resolved, [](const std::optional<GlobalPosition>& at) { return at.has_value(); });
  if (committed != 0 && committed != static_cast<std::ptrdiff_t>(ids.size())) return "resolve knows a part of it";

  const GlobalPosition head = store.head();
  const auto again = asked.send(store);
  if (!again) return again.error();
  std::size_t first = 0;
  for (std::size_t i = 0; i < again->size(); ++i) {
    const Appended& place = (*again)[i];
    if (place.repeated != (committed != 0)) return "resolve and the repeat disagree";
    if (committed != 0 && place.first_position != (*resolved)[first]) return "the repeat names another place";
    if (committed == 0 && place.first_position <= head) return "the fresh append is not at the end";
    first += asked.parts[i].events.size();
  }
  if (committed != 0 && store.head() != head) return "the repeat appended";
  told(number, again);
  const auto third = asked.send(store);
  if (!third) return third.error();
  for (std::size_t i = 0; i < third->size(); ++i) {
    if (!(*third)[i].repeated || (*third)[i].first_position != (*again)[i].first_position) {
      return "asked once more, it is elsewhere";
    }
  }
  return std::string{};
}

}  // namespace cairn::test
