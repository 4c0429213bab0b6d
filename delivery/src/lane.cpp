#include "lane.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/backoff.hpp>

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
/// its bytes are used where they were read, which is several times faster, and there is no one step for each batch.
constexpr std::uint64_t far_behind = 2'000;
/// Attempts that a letter is given: the first and the newest.
constexpr std::size_t attempts_kept = 100;

EventFilter filter_of(const std::vector<std::shared_ptr<Handler>>& handlers) {
  std::vector<const EventFilter*> filters;
  for (const auto& handler : handlers) filters.push_back(&handler->options.filter);
  return shared_filter(filters);
}

Error ended_within(const std::string& handler, const RecordedEvent& event, std::uint32_t times) {
  return Error{Errc::handler_failed, fmt::format("{}: the process ended {} times while it handled {} revision {}",
                                                 handler, times, event.stream, event.revision.value)};
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
    return stored && !batch_.caught_up;
  }
  caught_up_ = false;
  if (alone() && handlers_.front()->is_careful()) {
    if (const auto more = careful_step()) return *more;
  }
  const std::size_t end = end_of_slice(limit);
  if (end > next_) return hand_out(end, limit);
  // Only a limit or an event to be careful with ends a slice before it begins, and the latter was looked at.
  static_cast<void>(pass_to(*limit));
  return false;
}

void Lane::join(Lane& other) {
  handlers_.insert(handlers_.end(), other.handlers_.begin(), other.handlers_.end());
  other.handlers_.clear();
  EventFilter joined = filter_of(handlers_);
  each_takes_all_ =
      std::ranges::all_of(handlers_, [&](const auto& handler) { return same(handler->options.filter, joined); });
  if (same(joined, filter_)) return;
  filter_ = std::move(joined);
  start_over();
  rows_are_known_ = true;
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

void Lane::listen() {
  if (!subscription_ || desk_.executor == nullptr) return;
  subscription_->on_ready(*desk_.executor, [desk = desk_.weak_from_this()] {
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

// What is stored may be further than what is remembered: a commit of which nothing was heard.
Result<void> Lane::read_rows() {
  auto transaction = desk_.database.read();
  if (!transaction) return std::move(transaction).error();
  std::vector<HandlerRow> rows;
  for (const auto& handler : handlers_) {
    auto row = read_row(*transaction, handler->name);
    if (!row) return std::move(row).error();
    rows.push_back(row->value_or(handler->row));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Handler& handler = *handlers_[i];
    HandlerRow& row = rows[i];
    if (row.attempt_position != handler.row.attempt_position || row.attempts != handler.row.attempts) {
      handler.announced = row.attempts > 0;
    }
    if (row.position > handler.position && handler.suspects_left > 0) --handler.suspects_left;
    handler.position = std::max(handler.position, row.position);
    if (handler.failing && handler.failing->at <= handler.position) handler.failing.reset();
    handler.row = std::move(row);
    if (handler.row.paused) leaving_.push_back(handlers_[i]);
  }
  for (const auto& handler : leaving_) leave(*handler);
  rows_are_known_ = true;
  return {};
}

bool Lane::is_far() const {
  return far_is_of_use_ && rows_are_known_ && may_join() && desk_.events.head().value > position().value + far_behind;
}

std::optional<bool> Lane::careful_step() {
  Handler& handler = *handlers_.front();
  const RecordedEvent& event = batch_.events[next_];
  if (handler.failing && event.position > handler.failing->at) handler.failing.reset();
  if (handler.failing && event.position == handler.failing->at) {
    switch (handler.failing->next) {
      case Failing::Next::park: return park(handler, event, handler.failing->attempts);
      case Failing::Next::pause: return pause(handler, handler.failing->error());
      case Failing::Next::retry: break;
    }
    if (handler.failing->not_before <= desk_.clock.steady_now()) return hand_out(next_ + 1, {});
    not_before_ = handler.failing->not_before;
    return false;
  }
  if (event.position > handler.suspects_through) handler.suspects_left = 0;
  if (handler.suspects_left == 0) return std::nullopt;
  const std::uint32_t recorded = handler.row.attempt_position == event.position ? handler.row.attempts : 0;
  if (recorded > 0 && handler.announced) return hand_out(next_ + 1, {});
  if (recorded < handler.options.crash_attempts_max) return announce(handler, event, recorded + 1);
  desk_.logger.error("runner.suspect_parked", {{"handler", handler.name}, {"position", event.position.value}});
  const LetterAttempt attempt{
      .started_at = desk_.clock.now(), .worker = handler.name, .error = ended_within(handler.name, event, recorded)};
  return park(handler, event, {attempt});
}

bool Lane::announce(Handler& handler, const RecordedEvent& event, std::uint32_t attempt) {
  HandlerRow row = handler.row;
  row.attempt_position = event.position;
  row.attempts = attempt;
  auto written = desk_.database.write([&](Unit& unit) { return write_row(unit, handler.name, row); });
  if (!written) return trouble(written.error());
  handler.row = std::move(row);
  handler.announced = true;
  return true;
}

bool Lane::park(Handler& handler, const RecordedEvent& event, std::vector<LetterAttempt> attempts) {
  NewDeadLetter letter = handler.letter_of(event);
  letter.attempts = std::move(attempts);
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
                                         {"position", event.position.value},
                                         {"attempts", letter.attempts.size()},
                                         {"error", why.to_string()}});
  handler.failing.reset();
  ++handler.parked;
  moved({row});
  ++next_;
  return true;
}

bool Lane::pause(Handler& handler, const Error& why) {
  HandlerRow row = handler.row;
  row.paused = why;
  auto written = desk_.database.write([&](Unit& unit) { return write_row(unit, handler.name, row); });
  if (!written) return trouble(written.error());
  desk_.logger.error("runner.paused",
                     {{"handler", handler.name}, {"position", handler.position.value}, {"error", why.to_string()}});
  handler.row = std::move(row);
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
  if (alone()) return;
  leave(*handler);
  leaving_.push_back(handler);
}

bool Lane::trouble(const Error& error) {
  start_over();
  trouble_ = error;
  caught_up_ = false;
  publish();
  if (error.code() == Errc::cancelled || desk_.database.fenced()) {
    // Nothing comes before the store is there again, which store_is_back() tells; or it never is.
    not_before_ = SteadyTime::max();
    return false;
  }
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
    far = far || handler->position.value - handler->row.position.value >= passed_before_stored;
  }
  trouble_.reset();
  far_is_of_use_ = true;
  publish();
  if (!far) return true;
  std::vector<HandlerRow> rows;
  for (const auto& handler : handlers_) {
    rows.push_back(handler->row);
    rows.back().position = handler->position;
  }
  auto written = desk_.database.write([&](Unit& unit) -> Result<void> {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (auto stored = write_row(unit, handlers_[i]->name, rows[i]); !stored) return stored;
    }
    return {};
  });
  if (!written) return trouble(written.error());
  for (std::size_t i = 0; i < rows.size(); ++i) handlers_[i]->row = std::move(rows[i]);
  return true;
}

void Lane::publish() const {
  for (const auto& handler : handlers_) desk_.publish(*handler, caught_up_, trouble_);
}

}  // namespace cairn::delivery
