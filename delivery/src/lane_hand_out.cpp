#include <algorithm>
#include <limits>

#include <cairn/core/call_user.hpp>
#include <cairn/eventstore/filter_match.hpp>

#include "lane_slice.hpp"
#include "runner_desk.hpp"

namespace cairn::delivery {

namespace {

/// Positions that are read at once when far behind: with a filter that lets nothing through no more is looked at before
/// the clock is.
constexpr std::uint64_t far_window = 16'384;

/// A constraint that is checked at COMMIT, and nothing that another try could change.
bool is_refusal(const Error& error) { return error.code() == Errc::invalid || error.code() == Errc::already_exists; }

}  // namespace

std::uint64_t Lane::slice_events_max() const {
  std::uint64_t events = desk_.options.step_events_max;
  for (const auto& handler : handlers_) events = std::min(events, handler->row.suspects);
  return events;
}

std::size_t Lane::end_of_slice(std::optional<GlobalPosition> limit) const {
  auto events = batch_.events.subspan(next_);
  events = events.first(std::min<std::size_t>(events.size(), slice_events_max()));
  GlobalPosition last = limit.value_or(GlobalPosition{std::numeric_limits<std::uint64_t>::max()});
  if (alone() && handlers_.front()->is_one_by_one()) events = events.first(std::min<std::size_t>(events.size(), 1));
  if (alone() && handlers_.front()->failing) last = std::min(last, {handlers_.front()->failing->at.value - 1});
  const auto end = std::ranges::upper_bound(events, last, {}, &RecordedEvent::position);
  return next_ + static_cast<std::size_t>(end - events.begin());
}

GlobalPosition Lane::position_at(std::size_t end, std::optional<GlobalPosition> limit) const {
  if (end < batch_.events.size()) return batch_.events[end - 1].position;
  return std::min(batch_.scanned_through, limit.value_or(batch_.scanned_through));
}

bool Lane::hand_out(std::size_t end, std::optional<GlobalPosition> limit) {
  const auto hand = [&](Unit& unit, Slice& slice, SteadyTime until) -> Result<void> {
    auto all = hand_all(unit, batch_.events.subspan(next_, end - next_), slice, until);
    if (!all) return std::move(all).error();
    slice.through = position_at(next_ + slice.events, limit);
    return {};
  };
  const auto slice = write_slice(hand);
  if (slice) next_ += slice->events;
  return slice.has_value() || !waiting();
}

bool Lane::hand_out_far() {
  const std::uint64_t head = desk_.events.head().value;
  const auto hand = [&](Unit& unit, Slice& slice, SteadyTime until) -> Result<void> {
    const std::uint64_t events_max = slice_events_max();
    do {
      const GlobalPosition window_end{std::min(slice.through.value + far_window, head)};
      Reader reader =
          desk_.events.read_all(unit, {.from = {{slice.through.value + 1}}, .to = window_end, .filter = filter_});
      for (;;) {
        auto events = reader.next();
        if (!events) return std::move(events).error();
        if (events->empty()) break;
        const std::size_t take = std::min<std::size_t>(events->size(), events_max - slice.events);
        auto all = hand_all(unit, events->first(take), slice, until);
        if (!all) return std::move(all).error();
        if (!*all || slice.events == events_max) return {};
      }
      slice.through = window_end;
    } while (slice.through.value < head && desk_.clock.steady_now() < until);
    return {};
  };
  start_over();
  rows_are_known_ = true;
  caught_up_ = false;
  return write_slice(hand).has_value() || !waiting();
}

std::optional<Lane::Slice> Lane::write_slice(const HandEvents& hand) {
  Slice slice;
  auto written = desk_.database.write([&](Unit& unit) { return fill(unit, hand, slice); });
  if (!written) {
    if (slice.failed) {
      failed(slice);
    } else if (is_refusal(written.error()) && slice.events > 0) {
      refused(std::move(slice), written.error());
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
  auto handed = unit.nested([&] { return hand(unit, slice, desk_.clock.steady_now() + desk_.options.step_budget); });
  desk_.watch.end();
  if (!handed) {
    // It is the store that failed, and not the handler, when there is no room or the transaction is gone: unless the
    // handler wrote what ends one.
    const Errc code = slice.failed ? slice.failed->attempt.error->code() : handed.error().code();
    const bool alive = unit.first<std::int64_t>("SELECT 1", {}).has_value();
    if (code == Errc::storage_full || (!alive && code == Errc::unavailable)) slice.failed.reset();
    return handed;
  }
  for (const auto& handler : handlers_) {
    slice.rows.push_back(row_at(*handler, next_ + slice.events, slice.through));
    if (auto stored = write_row(unit, handler->name, slice.rows.back()); !stored) return stored;
  }
  return {};
}

Result<bool> Lane::hand_all(Unit& unit, std::span<const RecordedEvent> events, Slice& slice, SteadyTime until) {
  for (const RecordedEvent& event : events) {
    SteadyTime now = desk_.clock.steady_now();
    if (slice.events > 0 && now >= until) return false;
    if (slice.events == 0) slice.first = event.position;
    for (std::size_t i = 0; i < handlers_.size(); ++i) {
      const Handler& handler = *handlers_[i];
      if (!each_takes_all_ && !matches(handler.options.filter, event)) continue;
      if (i > 0) now = desk_.clock.steady_now();
      desk_.watch.begin(handler.id, event.position, now);
      const std::uint64_t parked = slice.parked[i];
      auto done = hand_one(unit, handler, event, slice.has_parked[i], slice.parked[i]);
      if (!done) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(desk_.clock.steady_now() - now);
        slice.failed = Slice::Failed{
            .handler = i,
            .at = event.position,
            .attempt = {.started_at = desk_.clock.now(), .took = took, .worker = handler.name, .error = done.error()}};
        return std::move(done).error();
      }
      if (slice.parked[i] == parked) ++slice.handled[i];
    }
    ++slice.events;
    slice.through = event.position;
  }
  return true;
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
  if (announces_next_ && end < batch_.events.size() && batch_.events[end].position <= handler.suspects_through) {
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
    handler.key_came_back = false;
    if (handler.failing && handler.failing->at <= handler.position) handler.failing.reset();
  }
  publish();
}

}  // namespace cairn::delivery
