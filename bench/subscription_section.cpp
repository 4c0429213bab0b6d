#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <cairn/core/pool_executor.hpp>

#include "bench_context.hpp"
#include "clients.hpp"
#include "replay.hpp"
#include "statistics.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

constexpr std::size_t filtered_subscriptions = 1'000;

ClientsRun append_8x16(BenchContext& context) {
  std::vector<EventMaker> makers;
  for (int i = 0; i < 8; ++i) makers.push_back(context.bed.new_maker());
  return run_clients(context.bed.log().store(), context.bed.names(), makers, 16, context.sizes.events_8x16);
}

struct Delivery {
  std::vector<double> commit_us{};
  std::vector<double> delivery_us{};
};

/// One client appends one event at a time; another thread waits for them. Both times are from the call of append().
Delivery deliver(BenchContext& context, std::uint64_t events) {
  const EventStore& store = context.bed.log().store();
  EventMaker maker = context.bed.new_maker();
  auto subscription = store.subscribe({.from = StartPosition::end()}).value();
  (void)subscription.next().value();  // it has caught up
  Delivery delivery;
  std::atomic<std::uint64_t> delivered = 0;
  Stopwatch called;
  NewEvent event;
  const std::jthread consumer{[&] {
    for (std::uint64_t seen = 0; seen < events;) {
      seen += subscription.next().value().events.size();
      delivery.delivery_us.push_back(called.microseconds());
      delivered = seen;
      delivered.notify_one();
    }
  }};
  for (std::uint64_t i = 0; i < events; ++i) {
    maker.make(event);
    called = Stopwatch{};
    (void)context.bed.log().store().append(context.bed.names()[i], ExpectedRevision::any(), event).value();
    delivery.commit_us.push_back(called.microseconds());
    delivered.wait(i);
  }
  return delivery;
}

/// What a pool reads with, as a service of many live views does: a job a step.
class Follower {
 public:
  Follower(Subscription subscription, Executor& executor)
      : subscription_{std::move(subscription)}, executor_{executor} {
    subscription_.on_ready(executor_, [this] { step(); });
  }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  void step() {
    const auto batch = subscription_.try_next().value();
    if (batch.nothing_left()) return;
    for (const RecordedEvent& event : batch.events) keep(touch(event.data));
    events_ += batch.events.size();
    executor_.post([this] { step(); });
  }

  Subscription subscription_;
  Executor& executor_;
  std::atomic<std::uint64_t> events_ = 0;
};

/// A quarter each follows a category, a type, a tag and a stream.
Subscription filtered(BenchContext& context, std::size_t i) {
  const EventStore& store = context.bed.log().store();
  const StreamNames& names = context.bed.names();
  static constexpr std::array types{"order.placed",  "order.item_added", "order.item_removed", "order.paid",
                                    "order.shipped", "order.delivered",  "order.returned",     "order.cancelled"};
  const auto from = StartPosition::end();
  const std::size_t kind = i / 4;
  switch (i % 4) {
    case 0: return store.subscribe({.from = from, .filter = {.category = std::string{names[kind].category()}}}).value();
    case 1:
      return store.subscribe({.from = from, .filter = {.query = EventQuery::types({types[kind % types.size()]})}})
          .value();
    case 2:
      return store.subscribe({.from = from, .filter = {.query = EventQuery::tags({fmt::format("o:{:04}", kind)})}})
          .value();
    default: return store.subscribe(names[kind], {.from = StartRevision::end()}).value();
  }
}

struct Followed {
  double events_per_second = 0;    ///< appended
  double delivered_per_event = 0;  ///< to all subscriptions together
  double catch_up_ms = 0;          ///< from the last append until all had everything
};

Followed append_beside_filtered(BenchContext& context) {
  std::vector<std::unique_ptr<Follower>> followers;
  auto pool = PoolExecutor::start({.threads = 2}).value();
  for (std::size_t i = 0; i < filtered_subscriptions; ++i) {
    followers.push_back(std::make_unique<Follower>(filtered(context, i), *pool));
  }
  Followed followed;
  followed.events_per_second = append_8x16(context).events_per_second;
  const Stopwatch watch;
  pool.reset();  // runs what is posted, and what that posts; nothing is committed that would post more
  followed.catch_up_ms = watch.seconds() * 1e3;
  std::uint64_t delivered = 0;
  for (const auto& follower : followers) delivered += follower->events();
  followed.delivered_per_event = static_cast<double>(delivered) / static_cast<double>(context.sizes.events_8x16);
  return followed;
}

double append_beside_a_tail(BenchContext& context, std::uint64_t& followed) {
  auto subscription = context.bed.log().store().subscribe({.from = StartPosition::end()}).value();
  const std::uint64_t events = context.sizes.events_8x16 / 8 * 8;
  const std::jthread tail{[&] {
    for (std::uint64_t seen = 0; seen < events;) {
      const auto batch = subscription.next().value();
      for (const RecordedEvent& event : batch.events) keep(touch(event.data));
      seen += batch.events.size();
      followed += batch.events.size();
    }
  }};
  return append_8x16(context).events_per_second;
}

}  // namespace

/// What it costs to be heard, and what listeners cost the writer.
void measure_subscription(BenchContext& context) {
  const Sizes& sizes = context.sizes;
  Rounds delivery;
  Rounds filtered_rate;
  Rounds filtered_deliveries;
  Rounds filtered_catch_up;
  Rounds tail_rate;
  std::uint64_t followed = 0;
  for (int round = 0; round < sizes.rounds; ++round) {
    const Delivery measured = deliver(context, sizes.events_1x1);
    const double above = percentile(measured.delivery_us, 0.5) - percentile(measured.commit_us, 0.5);
    delivery.add(above, above / 50);

    const double alone = append_8x16(context).events_per_second;
    const double beside_tail = append_beside_a_tail(context, followed);
    tail_rate.add(beside_tail, beside_tail / alone);
    const Followed many = append_beside_filtered(context);
    filtered_rate.add(many.events_per_second, many.events_per_second / alone);
    filtered_deliveries.add(many.delivered_per_event);
    filtered_catch_up.add(many.catch_up_ms);
  }
  context.report.add(
      delivery.figure({.name = "subscription.delivery_p50", .unit = "us", .limit = "50 us", .goal = Goal::at_most(1)}));
  context.report.add(tail_rate.figure({.name = "subscription.tail.append_rate",
                                       .unit = "event/s",
                                       .limit = "8x16 alone",
                                       .goal = Goal::at_least(0.75)}));
  const std::uint64_t appended_in_a_round = sizes.events_8x16 / 8 * 8;  // eight clients with equal shares
  const auto appended = static_cast<double>(appended_in_a_round) * sizes.rounds;
  context.report.add({.name = "subscription.tail.followed",
                      .value = static_cast<double>(followed),
                      .unit = "event",
                      .limit = "appended",
                      .ratio = static_cast<double>(followed) / appended,
                      .goal = Goal::at_least(1)});
  context.report.add(filtered_rate.figure({.name = "subscription.1000.append_rate",
                                           .unit = "event/s",
                                           .limit = "8x16 alone",
                                           .goal = Goal::at_least(0.5)}));
  context.report.add(filtered_deliveries.figure({.name = "subscription.1000.deliveries", .unit = "per event"}));
  context.report.add(filtered_catch_up.figure({.name = "subscription.1000.catch_up", .unit = "ms"}));
}

}  // namespace cairn::bench
