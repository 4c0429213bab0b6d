#include "live_board.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "grouped.hpp"

namespace travel_expenses {

using cairn::GlobalPosition;
using cairn::RecordedEvent;
using cairn::Result;
using cairn::SteadyTime;
using cairn::Subscription;

namespace {

/// "paid" of "declaration.paid".
std::string step_name(std::string_view type) { return std::string{type.substr(type.find('.') + 1)}; }

}  // namespace

std::string Board::to_string() const {
  std::vector<std::pair<std::uint64_t, std::string_view>> sorted;
  for (const auto& [name, count] : declarations) {
    if (count > 0) sorted.emplace_back(count, name);
  }
  std::ranges::stable_sort(sorted, std::ranges::greater{}, &std::pair<std::uint64_t, std::string_view>::first);
  std::string text;
  for (const auto& [count, name] : sorted) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), name);
  }
  return text;
}

Result<std::unique_ptr<LiveBoard>> LiveBoard::follow(const cairn::EventStore& store) {
  auto subscription = store.subscribe({.filter = {.category = "declaration"}});
  if (!subscription) return std::move(subscription).error();
  return std::unique_ptr<LiveBoard>{new LiveBoard{*std::move(subscription)}};
}

LiveBoard::LiveBoard(Subscription subscription)
    : thread_{[this, following = std::move(subscription)](const std::stop_token& stop) mutable {
        run(std::move(following), stop);
      }} {}

void LiveBoard::run(Subscription subscription, const std::stop_token& stop) {
  for (;;) {
    const auto batch = subscription.next(SteadyTime::max(), stop);
    if (!batch) {
      const std::lock_guard lock{mutex_};
      ended_ = batch.error();
      moved_.notify_all();
      return;
    }
    show(*batch);
  }
}

void LiveBoard::show(const Subscription::Batch& batch) {
  const std::lock_guard lock{mutex_};
  for (const RecordedEvent& event : batch.events) {
    ++board_.events;
    std::string& last = last_[std::string{event.stream}];
    if (!last.empty()) --board_.declarations[last];
    last = step_name(event.type);
    ++board_.declarations[last];
  }
  through_ = batch.scanned_through;
  moved_.notify_all();
}

Board LiveBoard::now() const {
  const std::lock_guard lock{mutex_};
  return board_;
}

Result<Board> LiveBoard::wait_for(GlobalPosition position) const {
  std::unique_lock lock{mutex_};
  moved_.wait(lock, [&] { return through_ >= position || ended_; });
  if (through_ < position) return *ended_;
  return board_;
}

}  // namespace travel_expenses
