#include <algorithm>
#include <limits>

#include <cairn/core/call_user.hpp>
#include <cairn/eventstore/filter_match.hpp>

#include "lane_slice.hpp"
#include "runner_desk.hpp"
#include "step_time.hpp"

namespace cairn::delivery {

std::uint64_t Lane::slice_events_max() const {
  std::uint64_t events = desk_.options.step_events_max;
  for (const auto& handler : handlers_) events = std::min(events, handler->row.suspects);
  return events;
}

std::size_t Lane::end_of_slice(std::optional<GlobalPosition> limit) const {
  auto events = batch_.events.subspan(next_);
  events = events.first(std::min<std::size_t>(events.size(), slice_events_max()));
  GlobalPosition last = limit.value_or(GlobalPosition{std::numeric_limits<std::uint64_t>::max()});
  if (alone() && handlers_.front()->failing) last = std::min(last, {handlers_.front()->failing->at.value - 1});
  const auto end = std::ranges::upper_bound(events, last, {}, &RecordedEvent::position);
  return next_ + static_cast<std::size_t>(end - events.begin());
}

GlobalPosition Lane::position_at(std::size_t end, std::optional<GlobalPosition> limit) const {
  if (end < batch_.events.size()) return batch_.events[end - 1].position;
  return std::min(batch_.scanned_through, limit.value_or(batch_.scanned_through));
}

bool Lane::hand_out(std::size_t end, std::optional<GlobalPosition> limit) {
  const auto hand = [&](Unit& unit, Slice& slice, StepTime& time) {
    auto handed = hand_all(unit, batch_.events.subspan(next_, end - next_), slice, time);
    if (handed) slice.through = position_at(next_ + slice.events, limit);
    return handed;
  };
  const auto slice = write_slice(hand);
  if (slice) next_ += slice->events;
  return slice.has_value() || !waiting();
}

bool Lane::hand_out_far() {
  const auto hand = [&](Unit& unit, Slice& slice, StepTime& time) -> Result<void> {
    Reader reader = desk_.events.read_all(unit, {.from = {{position().value + 1}}, .filter = filter_});
    const std::uint64_t events_max = slice_events_max();
    while (slice.events < events_max && !time.is_up()) {
      auto events = reader.next();
      if (!events) return std::move(events).error();
      const std::size_t take = std::min<std::size_t>(events->size(), events_max - slice.events);
      const std::uint64_t before = slice.events;
      if (auto handed = hand_all(unit, events->first(take), slice, time); !handed) return handed;
      const std::uint64_t taken = slice.events - before;
      const bool all = taken == events->size();
      slice.through = std::max(slice.through, all ? reader.scanned_through() : (*events)[taken - 1].position);
      if (events->empty()) break;
    }
    return {};
  };
  start_over();
  rows_are_known_ = true;
  const GlobalPosition before = position();
  const auto slice = write_slice(hand);
  far_is_of_use_ = !slice || slice->through > before;
  return slice.has_value() || !waiting();
}

std::optional<Lane::Slice> Lane::write_slice(const HandEvents& hand) {
  Slice slice;
  auto written = desk_.database.write([&](Unit& unit) { return fill(unit, hand, slice); });
  if (!written) {
    if (slice.failed) {
      failed(slice);
    } else {
      static_cast<void>(trouble(written.error()));
    }
    return std::nullopt;
  }
  for (std::size_t i = 0; i < handlers_.size(); ++i) {
    handlers_[i]->handled += slice.handled[i];
    handlers_[i]->parked += slice.parked[i];
    handlers_[i]->events.add(slice.handled[i]);
  }
  moved(slice.rows);
  return slice;
}

Result<void> Lane::fill(Unit& unit, const HandEvents& hand, Slice& slice) {
  slice = Slice{.through = position()};
  slice.handled.resize(handlers_.size());
  slice.parked.resize(handlers_.size());
  for (const auto& handler : handlers_) {
    auto open = desk_.letters.has_open(unit, handler->name);
    if (!open) return std::move(open).error();
    slice.has_parked.push_back(*open);
  }
  auto handed = unit.nested([&] {
    StepTime time{desk_.clock, desk_.options.step_budget};
    return hand(unit, slice, time);
  });
  desk_.watch.end();
  if (!handed) {
    // When the transaction is gone, or there is no room, it is the store that failed and not the handler.
    const auto alive = unit.first<std::int64_t>("SELECT 1", {});
    if (!alive || handed.error().code() == Errc::storage_full) slice.failed.reset();
    return handed;
  }
  for (const auto& handler : handlers_) {
    slice.rows.push_back(row_at(*handler, next_ + slice.events, slice.through));
    if (auto stored = write_row(unit, handler->name, slice.rows.back()); !stored) return stored;
  }
  return {};
}

Result<void> Lane::hand_all(Unit& unit, std::span<const RecordedEvent> events, Slice& slice, StepTime& time) {
  for (const RecordedEvent& event : events) {
    if (slice.events > 0 && time.is_up()) break;
    for (std::size_t i = 0; i < handlers_.size(); ++i) {
      const Handler& handler = *handlers_[i];
      if (!each_takes_all_ && !matches(handler.options.filter, event)) continue;
      desk_.watch.begin(handler.id, event.position, time.now());
      const std::uint64_t parked = slice.parked[i];
      auto done = hand_one(unit, handler, event, slice.has_parked[i], slice.parked[i]);
      if (!done) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(desk_.clock.steady_now() - time.now());
        slice.failed = Slice::Failed{
            .handler = i,
            .at = event.position,
            .attempt = {.started_at = desk_.clock.now(), .took = took, .worker = handler.name, .error = done.error()}};
        return done;
      }
      if (slice.parked[i] == parked) ++slice.handled[i];
    }
    ++slice.events;
    time.passed_one();
  }
  return {};
}

Result<void> Lane::hand_one(Unit& unit, const Handler& handler, const RecordedEvent& event, bool has_parked,
                            std::uint64_t& parked) {
  if (has_parked) {
    auto key = handler.key_of(event);
    if (!key) return std::move(key).error();
    auto blocked = desk_.letters.has_open(unit, handler.name, *key);
    if (!blocked) return std::move(blocked).error();
    if (*blocked) {
      auto behind = desk_.letters.park_behind(unit, handler.letter_of(event));
      if (!behind) return std::move(behind).error();
      ++parked;
      return {};
    }
  }
  return call_user(handler.name, handler.function, unit, event);
}

HandlerRow Lane::row_at(const Handler& handler, std::size_t end, GlobalPosition position) const {
  HandlerRow row{.position = position, .suspects = desk_.options.step_events_max};
  if (handler.suspects_left <= 1) return row;
  // One was taken. The attempt at the next goes with this commit, so that a suspect costs one sync.
  row.suspects = handler.suspects_left - 1;
  if (end < batch_.events.size() && batch_.events[end].position <= handler.suspects_through) {
    row.attempt_position = batch_.events[end].position;
    row.attempts = 1;
  }
  return row;
}

void Lane::moved(const std::vector<HandlerRow>& rows) {
  troubles_ = 0;
  trouble_.reset();
  for (std::size_t i = 0; i < handlers_.size(); ++i) {
    Handler& handler = *handlers_[i];
    handler.row = rows[i];
    handler.position = handler.row.position;
    if (handler.suspects_left > 0) --handler.suspects_left;
    handler.announced = handler.row.attempts > 0;
    if (handler.failing && handler.failing->at <= handler.position) handler.failing.reset();
  }
  publish();
}

}  // namespace cairn::delivery
