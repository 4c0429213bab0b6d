#include "bench_context.hpp"
#include "statistics.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

enum class Kind { plain, whole_log, since_head };

/// Median latency in microseconds of appends of one event with two tags.
double median_latency(const EventStore& reader, EventStore& store, const StreamNames& names, EventMaker maker,
                      std::uint64_t appends, Kind kind) {
  std::vector<double> latencies;
  NewEvent event;
  while (latencies.size() < appends) {
    const std::string customer = maker.customer_tag();
    const std::string order = maker.order_tag();
    maker.make_tagged(event, customer, order);
    const StreamId& stream = names[maker.random().below(names.size())];
    const AppendCondition condition{.fail_if_match = EventQuery::tags({customer, order}),
                                    .after = kind == Kind::since_head ? reader.head() : GlobalPosition{}};
    const Stopwatch watch;
    const auto appended = kind == Kind::plain ? store.append(stream, ExpectedRevision::any(), event)
                                              : store.append_if(condition, {.stream = stream, .events = {&event, 1}});
    const double latency = watch.microseconds();
    // By chance two events have the same two tags; the next pair is tried.
    if (!appended && appended.error().code() == Errc::conflict) continue;
    (void)appended.value();
    latencies.push_back(latency);
  }
  return median(std::move(latencies));
}

}  // namespace

void measure_condition(BenchContext& context) {
  EventStore& store = context.bed.grown_log().store();
  Rounds plain;
  Rounds whole_log;
  Rounds since_head;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const auto measure = [&](Kind kind) {
      return median_latency(store, store, context.bed.names(), context.bed.new_maker(), context.sizes.condition_appends,
                            kind);
    };
    const double plain_us = measure(Kind::plain);
    plain.add(plain_us);
    const double whole_us = measure(Kind::whole_log);
    whole_log.add(whole_us, whole_us / plain_us);
    const double since_us = measure(Kind::since_head);
    since_head.add(since_us, since_us / plain_us);
  }
  context.report.add(plain.figure({.name = "condition.none", .unit = "us"}));
  context.report.add(whole_log.figure({.name = "condition.two_tags_whole_log",
                                       .unit = "us",
                                       .limit = "append without condition",
                                       .goal = Goal::at_most(2)}));
  context.report.add(since_head.figure({.name = "condition.two_tags_since_head",
                                        .unit = "us",
                                        .limit = "append without condition",
                                        .goal = Goal::at_most(2)}));
}

}  // namespace cairn::bench
