#include <cairn/delivery/runner.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/name.hpp>
#include <cairn/dlq/letter_event.hpp>

#include "delivery_schema_sql.hpp"
#include "runner_desk.hpp"

namespace cairn {

using delivery::Handler;
using delivery::HandlerRow;
using delivery::Lane;

namespace {

/// How far behind another reading one may be for the other to wait until both are at one place and can be one.
constexpr std::uint64_t join_distance = 1'000;
/// For how many turns: the other may be slow.
constexpr std::uint32_t turns_waited_max = 2;

GlobalPosition first_position(const StartPosition& from, GlobalPosition head) {
  switch (from.kind()) {
    case StartPosition::Kind::beginning: return {};
    case StartPosition::Kind::end: return head;
    case StartPosition::Kind::after: break;
  }
  return from.place();
}

Result<void> check(const RunnerOptions& options) {
  const auto none = [](std::string_view name) {
    return Error{Errc::invalid, fmt::format("open a runner: {} is 0 or less, it must be positive", name)};
  };
  if (options.step_events_max == 0) return none("step_events_max");
  if (options.step_budget.count() <= 0) return none("step_budget");
  if (options.batch_bytes == 0) return none("batch_bytes");
  if (options.hung_after.count() <= 0) return none("hung_after");
  return {};
}

/// What the handler is called with when somebody tries a letter again.
LetterHandler letter_handler(const std::shared_ptr<Handler>& handler) {
  return [handler](Unit& unit, const DeadLetter& letter) -> Result<void> {
    auto event = LetterEvent::of(letter);
    if (!event) return std::move(event).error();
    return handler->function(unit, event->event());
  };
}

}  // namespace

Result<std::shared_ptr<Handler>> delivery::RunnerDesk::find(std::string_view name) const {
  const auto found = handlers.find(name);
  if (found != handlers.end()) return found->second;
  return Error{Errc::not_found, fmt::format("the runner has no handler {}", name)};
}

Result<void> delivery::RunnerDesk::update(const std::vector<std::shared_ptr<Handler>>& these,
                                          const std::function<HandlerRow(const Handler&)>& becomes) {
  std::vector<HandlerRow> rows;
  auto written = database.write([&](Unit& unit) -> Result<void> {
    rows.clear();
    for (const auto& handler : these) {
      auto stored = read_row(unit, handler->name);
      if (!stored) return std::move(stored).error();
      if (*stored) handler->adopt(**stored);
      rows.push_back(becomes(*handler));
      if (*stored == rows.back()) continue;
      if (auto done = write_row(unit, handler->name, rows.back()); !done) return done;
    }
    return {};
  });
  if (!written) return written;
  for (std::size_t i = 0; i < these.size(); ++i) these[i]->row = std::move(rows[i]);
  return {};
}

std::vector<std::shared_ptr<Handler>> delivery::RunnerDesk::all() const {
  std::vector<std::shared_ptr<Handler>> all;
  for (const auto& [name, handler] : handlers) all.push_back(handler);
  return all;
}

Result<void> delivery::RunnerDesk::begin() {
  if (begun) return {};
  auto begins = update(all(), [&](const Handler& handler) { return handler.row_at_work(options.step_events_max); });
  if (!begins) return begins;
  begun = true;
  board.reopen();
  for (const auto& [name, handler] : handlers) publish(*handler, false, {});
  return {};
}

Result<void> delivery::RunnerDesk::end() {
  board.close();
  for (const auto& lane : lanes) lane->start_over();
  if (!std::exchange(begun, false)) return {};
  auto rests = update(all(), [](const Handler& handler) { return handler.row_at_rest(); });
  for (const auto& [name, handler] : handlers) {
    if (rests) handler->announced = false;
    publish(*handler, false, {});
  }
  return rests;
}

void delivery::RunnerDesk::take_out(const Handler& handler) {
  for (const auto& lane : lanes) lane->leave(handler);
  std::erase_if(lanes, [](const auto& lane) { return lane->handlers().empty(); });
  readings = lanes.size();
}

bool delivery::RunnerDesk::join_lanes() {
  bool joined = false;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for (std::size_t k = i + 1; k < lanes.size();) {
      if (lanes[i]->may_join() && lanes[k]->may_join() && lanes[i]->position() == lanes[k]->position()) {
        lanes[i]->join(*lanes[k]);
        lanes.erase(lanes.begin() + static_cast<std::ptrdiff_t>(k));
        joined = true;
      } else {
        ++k;
      }
    }
  }
  return joined;
}

bool delivery::RunnerDesk::turn() {
  if (store_came_back.exchange(false)) {
    for (const auto& lane : lanes) lane->store_is_back();
  }
  static_cast<void>(join_lanes());  // handlers that were added at one place
  // One that begins in the future has nobody to meet yet.
  const GlobalPosition head = events.head();
  const auto may_meet = [&](const Lane& lane) { return lane.may_join() && lane.position() <= head; };
  GlobalPosition front{};
  for (const auto& lane : lanes) {
    if (may_meet(*lane)) front = std::max(front, lane->position());
  }
  const auto is_near = [&](const Lane& lane) {
    return may_meet(lane) && lane.position() < front && front.value - lane.position().value <= join_distance;
  };
  const bool meet = std::ranges::any_of(lanes, [&](const auto& lane) { return is_near(*lane); });
  const bool front_waits = meet && ++turns_waited <= turns_waited_max;
  if (!front_waits) turns_waited = 0;

  bool more = false;
  std::vector<std::shared_ptr<Handler>> leaving;
  for (const auto& lane : lanes) {
    if (front_waits && may_meet(*lane) && lane->position() == front) {
      more = true;
      continue;
    }
    const auto limit = meet && is_near(*lane) ? std::optional{front} : std::nullopt;
    more = lane->step(limit) || more;
    std::ranges::move(lane->take_leaving(), std::back_inserter(leaving));
  }
  std::erase_if(lanes, [](const auto& lane) { return lane->handlers().empty(); });
  for (const auto& handler : leaving) {
    if (handler->row.paused) {
      publish(*handler, false, {});
    } else {
      lanes.push_back(std::make_unique<Lane>(*this, handler));
    }
  }
  more = join_lanes() || more;
  readings = lanes.size();
  return more;
}

Runner::Runner(std::shared_ptr<delivery::RunnerDesk> desk) noexcept : desk_{std::move(desk)} {}

Result<std::unique_ptr<Runner>> Runner::open(RunnerParts parts, RunnerOptions options) {
  if (auto good = check(options); !good) return std::move(good).error();
  Database& database = parts.events.database();
  if (auto migrated = database.migrate("delivery", delivery::schema::migrations); !migrated) {
    return std::move(migrated).error();
  }
  auto desk = std::make_shared<delivery::RunnerDesk>(parts, std::move(options));
  if (auto attached = database.attach(desk->store_watch); !attached) return std::move(attached).error();
  desk->store_watch.on_reload([weak = std::weak_ptr{desk}] {
    if (const auto alive = weak.lock()) {
      alive->store_came_back = true;
      alive->wake();
    }
  });
  return std::unique_ptr<Runner>{new Runner{std::move(desk)}};
}

Runner::~Runner() {
  if (auto stopped = stop(); !stopped) {
    desk_->logger.warning("runner.stop_failed", {{"error", stopped.error().to_string()}});
  }
  desk_->store_watch.on_reload({});
  desk_->database.detach(desk_->store_watch);
  for (const auto& [name, handler] : desk_->handlers) desk_->letters.remove_handler(name);
  // Lanes refer to the desk, and jobs that never ran may keep that.
  desk_->lanes.clear();
}

Result<void> Runner::add(const std::string& name, EventHandler function, HandlerOptions options) {
  if (auto allowed = desk_->database.may_wait("Runner::add"); !allowed) return allowed;
  if (auto good = check_name("the name of a handler", name); !good) return good;
  if (!function) return Error{Errc::invalid, fmt::format("handler {} has no function", name)};
  options.crash_attempts_max = std::max(options.crash_attempts_max, 1U);
  {
    const std::lock_guard turn_lock{desk_->turn_mutex};
    if (desk_->handlers.contains(name)) {
      return Error{Errc::already_exists, fmt::format("the runner has a handler {} already", name)};
    }
    Metrics& metrics = desk_->metrics;
    const std::shared_ptr<Handler> handler{
        new Handler{.id = ++desk_->last_id,
                    .name = name,
                    .function = std::move(function),
                    .options = std::move(options),
                    .events = metrics.counter("cairn_runner_events_total", {{"handler", name}}),
                    .failures = metrics.counter("cairn_runner_failures_total", {{"handler", name}}),
                    .lag = metrics.gauge("cairn_runner_lag", {{"handler", name}})}};
    auto set = desk_->letters.set_handler(name, letter_handler(handler), handler->options.redrive);
    if (!set) return set;
    auto row = desk_->database.write([&](Unit& unit) -> Result<HandlerRow> {
      auto stored = delivery::read_row(unit, name);
      if (!stored) return std::move(stored).error();
      const GlobalPosition head = desk_->events.head();
      HandlerRow known = stored->value_or(HandlerRow{.position = first_position(handler->options.from, head)});
      handler->suspects_left = known.suspects;
      handler->suspects_through = head;
      if (desk_->begun && !known.paused && known.suspects == 0) known.suspects = desk_->options.step_events_max;
      if (auto written = delivery::write_row(unit, name, known); !written) return std::move(written).error();
      return known;
    });
    if (!row) {
      desk_->letters.remove_handler(name);
      return std::move(row).error();
    }
    handler->row = *std::move(row);
    handler->position = handler->row.position;
    if (handler->suspects_left > 0) {
      desk_->logger.warning(
          "runner.suspects",
          {{"handler", name}, {"position", handler->position.value}, {"events", handler->suspects_left}});
    }
    desk_->handlers.emplace(name, handler);
    {
      const std::lock_guard lock{desk_->mutex};
      desk_->names.emplace(handler->id, name);
    }
    if (!handler->row.paused) desk_->lanes.push_back(std::make_unique<Lane>(*desk_, handler));
    desk_->readings = desk_->lanes.size();
    desk_->publish(*handler, false, {});
  }
  desk_->wake();
  return {};
}

Result<void> Runner::remove(std::string_view name) {
  if (auto allowed = desk_->database.may_wait("Runner::remove"); !allowed) return allowed;
  const std::lock_guard turn_lock{desk_->turn_mutex};
  auto found = desk_->find(name);
  if (!found) return std::move(found).error();
  const std::shared_ptr<Handler> handler = *std::move(found);
  auto stored = desk_->update({handler}, [](const Handler& one) { return one.row_at_rest(); });
  if (!stored) return stored;
  desk_->take_out(*handler);
  desk_->handlers.erase(handler->name);
  {
    const std::lock_guard lock{desk_->mutex};
    desk_->names.erase(handler->id);
  }
  desk_->board.remove(handler->name);
  desk_->letters.remove_handler(handler->name);
  return {};
}

Result<void> Runner::pause(std::string_view name) {
  if (auto allowed = desk_->database.may_wait("Runner::pause"); !allowed) return allowed;
  const std::lock_guard turn_lock{desk_->turn_mutex};
  auto found = desk_->find(name);
  if (!found) return std::move(found).error();
  const std::shared_ptr<Handler> handler = *std::move(found);
  auto stored = desk_->update({handler}, [](const Handler& one) {
    HandlerRow row = one.row_at_rest();
    if (!row.paused) row.paused.emplace();
    return row;
  });
  if (!stored) return stored;
  handler->announced = false;
  desk_->take_out(*handler);
  desk_->publish(*handler, false, {});
  return {};
}

Result<void> Runner::resume(std::string_view name) {
  if (auto allowed = desk_->database.may_wait("Runner::resume"); !allowed) return allowed;
  {
    const std::lock_guard turn_lock{desk_->turn_mutex};
    auto found = desk_->find(name);
    if (!found) return std::move(found).error();
    const std::shared_ptr<Handler>& handler = *found;
    auto stored = desk_->update({handler}, [this](const Handler& one) {
      HandlerRow row = one.row;
      row.paused.reset();
      if (desk_->begun && row.suspects == 0) row.suspects = desk_->options.step_events_max;
      return row;
    });
    if (!stored) return stored;
    const bool runs = std::ranges::any_of(
        desk_->lanes, [&](const auto& lane) { return std::ranges::count(lane->handlers(), handler) > 0; });
    if (runs) return {};
    handler->failing.reset();
    desk_->lanes.push_back(std::make_unique<Lane>(*desk_, handler));
    desk_->readings = desk_->lanes.size();
    desk_->publish(*handler, false, {});
  }
  desk_->wake();
  return {};
}

Result<void> Runner::start(Executor& executor, Timers& timers) {
  if (auto allowed = desk_->database.may_wait("Runner::start"); !allowed) return allowed;
  {
    const std::lock_guard control_lock{desk_->control_mutex};
    const std::lock_guard turn_lock{desk_->turn_mutex};
    {
      const std::lock_guard lock{desk_->mutex};
      if (desk_->executor != nullptr) return Error{Errc::invalid, "start the runner: it runs already"};
    }
    if (auto begun = desk_->begin(); !begun) return begun;
    {
      const std::lock_guard lock{desk_->mutex};
      desk_->executor = &executor;
      desk_->timers = &timers;
      ++desk_->starts;
    }
    for (const auto& lane : desk_->lanes) lane->listen();
  }
  desk_->wake();
  return {};
}

Result<void> Runner::stop() {
  if (auto allowed = desk_->database.may_wait("Runner::stop"); !allowed) return allowed;
  const std::lock_guard control_lock{desk_->control_mutex};
  desk_->halt();
  const std::lock_guard turn_lock{desk_->turn_mutex};
  return desk_->end();
}

Result<bool> Runner::run_once() {
  if (auto allowed = desk_->database.may_wait("Runner::run_once"); !allowed) return std::move(allowed).error();
  const std::lock_guard turn_lock{desk_->turn_mutex};
  if (auto begun = desk_->begin(); !begun) return std::move(begun).error();
  return desk_->turn();
}

std::vector<Progress> Runner::progress() const {
  std::vector<Progress> all = desk_->board.all();
  for (Progress& one : all) one = desk_->complete(std::move(one));
  return all;
}

Result<Progress> Runner::progress(std::string_view name) const {
  auto found = desk_->board.find(name);
  if (!found) return Error{Errc::not_found, fmt::format("the runner has no handler {}", name)};
  return desk_->complete(*std::move(found));
}

std::size_t Runner::readings() const noexcept { return desk_->readings; }

Result<void> Runner::wait_for(std::string_view name, GlobalPosition position, std::chrono::nanoseconds timeout,
                              std::stop_token stop) const {
  if (auto allowed = desk_->database.may_wait("Runner::wait_for"); !allowed) return allowed;
  const bool stepped = desk_->database.writer_mode() == WriterMode::stepped;
  // It may be destroyed meanwhile.
  const std::shared_ptr<delivery::RunnerDesk> desk = desk_;
  return desk->board.wait(desk->clock, name, position, stepped ? std::chrono::nanoseconds{} : timeout, stop);
}

}  // namespace cairn
