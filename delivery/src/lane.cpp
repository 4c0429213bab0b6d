#include "lane.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/backoff.hpp>
#include <cairn/core/invariant.hpp>

#include "lane_slice.hpp"
#include "runner_desk.hpp"
#include "shared_filter.hpp"

namespace cairn::delivery {

namespace {

/// When the store does not do what it should.
constexpr Backoff store_backoff = exponential(std::chrono::milliseconds{100}, std::chrono::seconds{30});
/// Positions that concern no handler before the checkpoint is moved past them: what is looked at again after a restart.
constexpr std::uint64_t passed_before_stored = 10'000;
/// From how far behind the head of the log on it is read on the writer's thread, in the unit that hands it out: there
/// its bytes are used by the core that read them, at twice the rate (docs/decisions/0032-lanes-and-suspects.md).
constexpr std::uint64_t far_behind = 2'000;
/// Attempts that a letter is given: the first and the newest.
constexpr std::size_t attempts_kept = 100;
/// How long suspects are taken before other handlers get their turn.
constexpr std::chrono::milliseconds suspects_budget{50};

EventFilter filter_of(const std::vector<std::shared_ptr<Handler>>& handlers) {
  std::vector<const EventFilter*> filters;
  for (const auto& handler : handlers) filters.push_back(&handler->options.filter);
  return shared_filter(filters);
}

Error ended_within(const std::string& handler, const RecordedEvent& event, std::uint32_t times) {
  // Of a class that no policy tries again by itself: it would end the process once more.
  return Error{Errc::invalid, fmt::format("{}: the process ended {} times while it handled {} revision {}", handler,
                                          times, event.stream, event.revision.value)};
}

}  // namespace

Lane::Lane(RunnerDesk& desk, std::shared_ptr<Handler> handler) : desk_{desk} {
  handlers_.push_back(std::move(handler));
  filter_ = filter_of(handlers_);
  each_takes_all_ = true;
}

bool Lane::step(std::optional<GlobalPosition> limit) {
  if (waiting()) return false;
  not_before_.reset();
  if (is_far() && !limit) return hand_out_far();
  if (auto fetched = fetch(); !fetched) return trouble(fetched.error());
  if (handlers_.empty()) return true;
  if (next_ == batch_.events.size()) {
    caught_up_ = batch_.caught_up;
    const bool stored = pass_to(position_at(next_, limit));
    return stored && !(batch_.caught_up && position() >= batch_.scanned_through);
  }
  caught_up_ = false;
  if (alone() && handlers_.front()->is_careful()) {
    if (const auto more = careful_step()) return *more;
  }
  const std::size_t end = end_of_slice(limit);
  if (end > next_) return hand_out(end, limit);
  // An event to be careful with was looked at, so it is the limit that ends the slice before it begins.
  invariant(limit.has_value(), "a slice has room for an event");
  return pass_to(*limit);
}

void Lane::join(Lane& other) {
  const bool known = rows_are_known_ && other.rows_are_known_;
  rows_are_known_ = known;
  handlers_.insert(handlers_.end(), other.handlers_.begin(), other.handlers_.end());
  other.handlers_.clear();
  EventFilter joined = filter_of(handlers_);
  each_takes_all_ =
      std::ranges::all_of(handlers_, [&](const auto& handler) { return same(handler->options.filter, joined); });
  if (same(joined, filter_)) return;
  filter_ = std::move(joined);
  start_over();
  rows_are_known_ = known;
}

std::vector<std::shared_ptr<Handler>> Lane::take_leaving() { return std::exchange(leaving_, {}); }

void Lane::leave(const Handler& handler) {
  std::erase_if(handlers_, [&](const auto& one) { return one.get() == &handler; });
}

bool Lane::may_join() const {
  return !waiting() && !trouble_ && std::ranges::none_of(handlers_, [](const auto& one) { return one->is_careful(); });
}

void Lane::start_over() {
  subscription_.reset();
  batch_ = {};
  next_ = 0;
  rows_are_known_ = false;
}

void Lane::store_is_back() {
  start_over();
  not_before_.reset();
  troubles_ = 0;
}

void Lane::listen() {
  Executor* const executor = desk_.executor_now();
  if (!subscription_ || executor == nullptr) return;
  subscription_->on_ready(*executor, [desk = desk_.weak_from_this()] {
    if (const auto alive = desk.lock()) alive->wake();
  });
}

bool Lane::waiting() const { return not_before_ && *not_before_ > desk_.clock.steady_now(); }

Result<void> Lane::fetch() {
  if (!rows_are_known_) {
    if (auto read = read_rows(); !read) return read;
    if (handlers_.empty()) return {};
  }
  if (!subscription_) {
    const std::string name = alone() ? handlers_.front()->name : std::string{"shared"};
    auto made = desk_.events.subscribe({.from = StartPosition::after(position()),
                                        .filter = filter_,
                                        .batch_bytes = desk_.options.batch_bytes,
                                        .name = name});
    if (!made) return std::move(made).error();
    subscription_.emplace(*std::move(made));
    batch_ = {};
    next_ = 0;
    listen();
  }
  if (next_ < batch_.events.size()) return {};
  batch_ = {};
  next_ = 0;
  auto batch = subscription_->try_next();
  if (!batch) return std::move(batch).error();
  batch_ = *batch;
  return {};
}

Result<void> Lane::read_rows() {
  const std::uint64_t step_events_max = desk_.options.step_events_max;
  auto read = desk_.update(handlers_, [&](const Handler& handler) { return handler.row_at_work(step_events_max); });
  if (!read) return read;
  std::ranges::copy_if(handlers_, std::back_inserter(leaving_),
                       [](const auto& handler) { return handler->row.paused.has_value(); });
  for (const auto& handler : leaving_) leave(*handler);
  rows_are_known_ = true;
  return {};
}

bool Lane::is_far() const {
  return rows_are_known_ && may_join() && desk_.events.head().value > position().value + far_behind;
}

std::optional<bool> Lane::careful_step() {
  Handler& handler = *handlers_.front();
  const RecordedEvent& event = batch_.events[next_];
  if (handler.failing && event.position > handler.failing->at) handler.failing.reset();
  if (handler.failing && event.position == handler.failing->at) return try_again(handler, event);
  if (handler.suspects_left > 0) return take_suspects(handler);
  return std::nullopt;
}

bool Lane::try_again(Handler& handler, const RecordedEvent& event) {
  switch (handler.failing->next) {
    case Failing::Next::park: {
      NewDeadLetter letter = handler.letter_of(event);
      letter.attempts = handler.failing->attempts;
      return park(handler, std::move(letter));
    }
    case Failing::Next::pause: return pause(handler, handler.failing->error());
    case Failing::Next::retry: break;
  }
  if (handler.failing->not_before > desk_.clock.steady_now()) {
    not_before_ = handler.failing->not_before;
    return false;
  }
  if (handler.suspects_left > 0 && !announce(handler, event)) return false;
  return hand_out(next_ + 1, {});
}

// The attempt follows its announcement at once: if something else could end the process between the two, it would be
// put down to this event.
bool Lane::take_suspects(Handler& handler) {
  const SteadyTime until = desk_.clock.steady_now() + suspects_budget;
  for (;;) {
    const RecordedEvent& event = batch_.events[next_];
    if (event.position > handler.suspects_through) handler.suspects_left = 0;
    if (handler.suspects_left == 0) return true;
    if (handler.ends_at(event.position) >= handler.options.crash_attempts_max) return park_suspect(handler, event);
    if (!announce(handler, event)) return false;
    const std::size_t place = next_;
    announces_next_ = desk_.clock.steady_now() < until;
    const bool more = hand_out(place + 1, {});
    announces_next_ = false;
    if (next_ != place + 1 || !handler.announced) return more;
  }
}

bool Lane::announce(Handler& handler, const RecordedEvent& event) {
  if (handler.announced) return true;
  HandlerRow row = handler.row;
  row.attempts = handler.ends_at(event.position) + 1;
  row.key_asked = row.key_asked && row.attempt_position == event.position;
  row.attempt_position = event.position;
  auto written = desk_.database.write([&](Unit& unit) { return write_row(unit, handler.name, row); });
  if (!written) return trouble(written.error());
  handler.row = std::move(row);
  handler.announced = true;
  return true;
}

bool Lane::park_suspect(Handler& handler, const RecordedEvent& event) {
  const std::uint32_t ends = handler.ends_at(event.position);
  desk_.logger.error("runner.suspect_parked", {{"handler", handler.name}, {"position", event.position.value}});
  NewDeadLetter letter = NewDeadLetter::of_event(handler.name, event);
  // What ends the process may be the function that tells the key, so it is noted before it is asked.
  if (handler.options.key && (!handler.row.key_asked || handler.key_came_back)) {
    HandlerRow row = handler.row;
    row.key_asked = true;
    auto noted = desk_.database.write([&](Unit& unit) { return write_row(unit, handler.name, row); });
    if (!noted) return trouble(noted.error());
    handler.row = std::move(row);
    letter = handler.letter_of(event);
    handler.key_came_back = true;
  }
  letter.attempts = {
      {.started_at = desk_.clock.now(), .worker = handler.name, .error = ended_within(handler.name, event, ends)}};
  return park(handler, std::move(letter));
}

bool Lane::park(Handler& handler, NewDeadLetter letter) {
  const Error why = *letter.attempts.back().error;
  const HandlerRow row = row_at(handler, next_ + 1, position_at(next_ + 1, {}));
  auto written = desk_.database.write(
      [&](Unit& unit) -> Result<void> {
        auto parked = desk_.letters.park(unit, letter, why);
        if (!parked) return std::move(parked).error();
        return write_row(unit, handler.name, row);
      },
      letter.payload.size());
  if (!written) {
    return written.error().code() == Errc::invalid ? pause(handler, written.error()) : trouble(written.error());
  }
  desk_.logger.warning("runner.parked", {{"handler", handler.name},
                                         {"position", letter.event->position.value},
                                         {"attempts", letter.attempts.size()},
                                         {"error", why.to_string()}});
  handler.failing.reset();
  ++handler.parked;
  moved({row});
  ++next_;
  return true;
}

bool Lane::pause(Handler& handler, const Error& why) {
  HandlerRow row = handler.row_at_rest();
  row.paused = Pause{why};
  auto written = desk_.database.write([&](Unit& unit) { return write_row(unit, handler.name, row); });
  if (!written) return trouble(written.error());
  desk_.logger.error("runner.paused",
                     {{"handler", handler.name}, {"position", handler.position.value}, {"error", why.to_string()}});
  handler.row = std::move(row);
  handler.announced = false;
  leaving_ = std::exchange(handlers_, {});
  return true;
}

void Lane::failed(const Slice& slice) {
  const std::shared_ptr<Handler> handler = handlers_[slice.failed->handler];
  const Error& error = *slice.failed->attempt.error;
  handler->failures.add();
  if (!handler->failing || handler->failing->at != slice.failed->at) {
    handler->failing = Failing{.at = slice.failed->at, .attempt = Attempt::first()};
  } else {
    handler->failing->attempt = handler->failing->attempt.next();
  }
  Failing& failing = *handler->failing;
  failing.attempts.push_back(slice.failed->attempt);
  if (failing.attempts.size() > attempts_kept) failing.attempts.erase(failing.attempts.begin() + 1);
  const RetryPolicy& policy = handler->options.retry;
  if (const auto delay = policy.next_delay(failing.attempt, error, desk_.random)) {
    failing.next = Failing::Next::retry;
    failing.not_before = desk_.clock.steady_now() + *delay;
  } else {
    const bool parks =
        handler->options.after_retries == AfterRetries::park && policy.decision(error) != RetryDecision::give_up;
    failing.next = parks ? Failing::Next::park : Failing::Next::pause;
  }
  desk_.logger.warning("runner.handler_failed", {{"handler", handler->name},
                                                 {"position", failing.at.value},
                                                 {"attempt", failing.attempt.number()},
                                                 {"error", error.to_string()}});
  publish();
  if (!alone()) {
    leave(*handler);
    leaving_.push_back(handler);
  } else if (handler->announced) {
    // It came back, so that is no attempt that the process may have ended in.
    HandlerRow row = handler->row_at_rest();
    row.suspects = handler->row.suspects;
    auto written = desk_.database.write([&](Unit& unit) { return write_row(unit, handler->name, row); });
    if (!written) return static_cast<void>(trouble(written.error()));
    handler->row = std::move(row);
    handler->announced = false;
  }
}

void Lane::refused(Slice slice, const Error& error) {
  if (alone() && slice.events == 1) {
    slice.failed =
        Slice::Failed{.at = slice.first,
                      .attempt = {.started_at = desk_.clock.now(), .worker = handlers_.front()->name, .error = error}};
    return failed(slice);
  }
  desk_.logger.warning("runner.commit_refused",
                       {{"position", slice.first.value}, {"events", slice.events}, {"error", error.to_string()}});
  for (const auto& handler : handlers_) handler->one_by_one_through = slice.through;
  if (!alone()) leaving_ = std::exchange(handlers_, {});
}

bool Lane::trouble(const Error& error) {
  start_over();
  trouble_ = error;
  caught_up_ = false;
  publish();
  if (error.code() == Errc::cancelled) {
    not_before_ = SteadyTime::max();  // the store is closed
    return false;
  }
  // While the store is fenced too: store_is_back() cuts the wait short, but comes before writes are taken again.
  if (troubles_ < 30) ++troubles_;
  desk_.logger.warning("runner.store_failed", {{"handler", handlers_.front()->name}, {"error", error.to_string()}});
  not_before_ = desk_.clock.steady_now() + store_backoff.delay(Attempt{troubles_}, desk_.random);
  return false;
}

bool Lane::pass_to(GlobalPosition position) {
  bool far = false;
  for (const auto& handler : handlers_) {
    handler->position = std::max(handler->position, position);
    if (handler->position >= handler->suspects_through) handler->suspects_left = 0;
    if (handler->failing && handler->failing->at <= handler->position) handler->failing.reset();
    far = far || handler->position.value - handler->row.position.value >= passed_before_stored;
  }
  trouble_.reset();
  troubles_ = 0;
  publish();
  if (!far) return true;
  auto written = desk_.update(handlers_, [](const Handler& handler) {
    HandlerRow row = handler.row;
    row.position = handler.position;
    return row;
  });
  return written ? true : trouble(written.error());
}

void Lane::publish() const {
  for (const auto& handler : handlers_) desk_.publish(*handler, caught_up_, trouble_);
}

}  // namespace cairn::delivery
