#include <cairn/eventstore/subscription.hpp>

#include <algorithm>

#include <cairn/core/sql/database.hpp>

#include "make_subscription.hpp"
#include "sqlite_log.hpp"
#include "wait_list.hpp"
#include "waiter.hpp"

namespace cairn {

namespace {

using log::WaitList;

/// Positions looked at in vain before the caller hears of it.
constexpr std::uint64_t positions_in_vain_max = 65'536;

Error cancelled(std::string_view why) { return Error{Errc::cancelled, "subscription: " + std::string{why}}; }

}  // namespace

/// `store_log` is used within a visit only: the store may go away between two.
struct Subscription::Impl {
  Impl(const log::SqliteLog& given, const log::SubscriptionMetrics& numbers, std::unique_ptr<log::Follower> made)
      : store_log{given}, metrics{numbers}, list{given.wait_list()}, follower{std::move(made)} {
    list->join();
  }
  ~Impl() {
    waiter->clear_hook();
    list->stop_waiting(waiter);
    list->leave();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// A batch, or nothing when the caller is to wait and try again.
  Result<std::optional<Batch>> attempt(SteadyTime deadline, const std::stop_token& stop);
  Result<Batch> read(SteadyTime deadline, const std::stop_token& stop);
  [[nodiscard]] bool is_news(const Batch& batch, std::uint64_t began_at) const;
  void count(const Batch& batch) const;
  [[nodiscard]] WaitList::Outcome wait_for_more() {
    return list->wait(waiter, follower->wake_keys(),
                      {.scanned_through = reached(), .retention_seen = follower->retention_seen()});
  }
  [[nodiscard]] std::uint64_t reached() const { return follower->scanned_through(); }
  [[nodiscard]] bool is_over(SteadyTime deadline) const { return store_log.clock().steady_now() >= deadline; }
  [[nodiscard]] std::chrono::nanoseconds time_left(SteadyTime deadline) const {
    return deadline == SteadyTime::max() ? std::chrono::nanoseconds::max() : deadline - store_log.clock().steady_now();
  }

  const log::SqliteLog& store_log;
  log::SubscriptionMetrics metrics;
  std::shared_ptr<WaitList> list;
  std::shared_ptr<log::Waiter> waiter = std::make_shared<log::Waiter>();
  std::unique_ptr<log::Follower> follower;
  bool told_caught_up = false;
  std::optional<Revision> untold_cut{};
};

bool Subscription::Impl::is_news(const Batch& batch, std::uint64_t began_at) const {
  return !batch.events.empty() || batch.truncated_before || (batch.caught_up && !told_caught_up) ||
         reached() - began_at >= positions_in_vain_max;
}

void Subscription::Impl::count(const Batch& batch) const {
  const std::uint64_t head = store_log.head();
  metrics.batches.add();
  metrics.events.add(batch.events.size());
  metrics.lag_events.record(static_cast<double>(head - std::min(head, reached())));
}

/// Reads on until there is news, nothing more, or no time.
Result<Subscription::Batch> Subscription::Impl::read(SteadyTime deadline, const std::stop_token& stop) {
  const std::uint64_t began_at = reached();
  for (;;) {
    auto events = follower->step();
    if (!events) return std::move(events).error();
    if (const auto cut = follower->truncated_before()) untold_cut = cut;
    const Batch batch{.events = *events,
                      .scanned_through = {reached()},
                      .truncated_before = untold_cut,
                      .caught_up = follower->caught_up()};
    if (batch.caught_up || is_news(batch, began_at) || is_over(deadline) || stop.stop_requested()) return batch;
  }
}

Result<std::optional<Subscription::Batch>> Subscription::Impl::attempt(SteadyTime deadline,
                                                                       const std::stop_token& stop) {
  bool news = false;
  for (;;) {
    const bool last = is_over(deadline) || store_log.database().writer_mode() == WriterMode::stepped;
    const std::uint64_t began_at = reached();
    auto batch = read(deadline, stop);
    if (!batch) return std::move(batch).error();
    news = news || is_news(*batch, began_at);
    told_caught_up = batch->caught_up;
    untold_cut.reset();
    if (!batch->events.empty()) count(*batch);
    if (!batch->nothing_left() || (news && !waiter->has_hook())) return std::optional{*batch};

    // From the moment this waits a hook may run the next call on another thread: nothing is touched after it.
    follower->release();
    switch (wait_for_more()) {
      case WaitList::Outcome::behind: untold_cut = batch->truncated_before; continue;
      case WaitList::Outcome::closed: return cancelled("the store is closed");
      case WaitList::Outcome::fenced:
        if (news) return std::optional{*batch};
        return Error{Errc::fenced, "subscription: the database is fenced; recover() first"};
      case WaitList::Outcome::waiting: return last || news ? std::optional{*batch} : std::optional<Batch>{};
    }
  }
}

Subscription::Subscription(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

Result<Subscription::Batch> Subscription::next(SteadyTime deadline, std::stop_token stop) {
  Impl& impl = *impl_;
  // Of its own: once a hook is armed, the job it posts may end the subscription before this call returns.
  const std::shared_ptr<WaitList> list = impl.list;
  const std::shared_ptr<log::Waiter> waiter = impl.waiter;
  waiter->allow_wait();
  const std::stop_callback interrupt{stop, [waiter] { waiter->interrupt(); }};
  for (;;) {
    if (stop.stop_requested()) return cancelled("stop was requested");
    std::chrono::nanoseconds time_left{};
    {
      const WaitList::Visit visit{*list};
      if (!visit.good()) return cancelled("the store is closed");
      if (auto allowed = impl.store_log.database().may_wait("Subscription::next"); !allowed) {
        return std::move(allowed).error();
      }
      auto batch = impl.attempt(deadline, stop);
      if (!waiter->has_hook() && !(batch && !*batch)) list->stop_waiting(waiter);
      if (!batch) return std::move(batch).error();
      if (*batch) return **batch;
      time_left = impl.time_left(deadline);
    }
    waiter->wait(time_left);
  }
}

void Subscription::on_ready(Executor& executor, std::function<void()> ready) {
  impl_->waiter->set_hook(executor, std::move(ready));
}

namespace log {

Result<Subscription> make_subscription(const SqliteLog& log, const SubscriptionMetrics& metrics,
                                       std::unique_ptr<Follower> follower) {
  const WaitList::Visit visit{*log.wait_list()};
  if (!visit.good()) return Error{Errc::cancelled, "subscribe: the database is closed"};
  return Subscription{std::make_unique<Subscription::Impl>(log, metrics, std::move(follower))};
}

}  // namespace log

}  // namespace cairn
