#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/id_source.hpp>
#include <cairn/core/random.hpp>
#include <cairn/cqrs/command_handler.hpp>
#include <cairn/cqrs/command_outcomes.hpp>

#include "cqrs_context.hpp"
#include "statistics.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

constexpr std::size_t clients = 8;
constexpr std::size_t outstanding = 16;

/// One stream at a time for each outstanding call, with the revision its next append expects.
struct Slot {
  std::string key;
  StreamId stream;
  ExpectedRevision expected = ExpectedRevision::no_stream();
};

/// Slots of a client that are free: taken by the client, given back by completions.
class FreeSlots {
 public:
  void add(Slot& slot) { free_.push_back(&slot); }
  Slot& take() {
    count_.acquire();
    const std::lock_guard lock{mutex_};
    Slot* slot = free_.back();
    free_.pop_back();
    return *slot;
  }
  void give_back(Slot& slot) {
    {
      const std::lock_guard lock{mutex_};
      free_.push_back(&slot);
    }
    count_.release();
  }
  void wait_for_all() {
    for (std::size_t i = 0; i < outstanding; ++i) count_.acquire();
  }

 private:
  std::mutex mutex_;
  std::vector<Slot*> free_;
  std::counting_semaphore<> count_{outstanding};
};

std::vector<std::vector<Slot>> make_slots(const std::string& category) {
  std::vector<std::vector<Slot>> slots(clients);
  for (std::size_t i = 0; i < clients * outstanding; ++i) {
    std::string key = std::to_string(i);
    StreamId stream = StreamId::of(category, key).value();
    slots[i / outstanding].push_back({std::move(key), std::move(stream)});
  }
  return slots;
}

NewEvent encoded(const EventStore& store, std::uint64_t pieces) {
  return store.new_event(Received{pieces}, sixty_bytes()).value();
}

struct Many {
  double events_per_second = 0;
  double cpu_us_per_event = 0;
};

/// What `one(slot, done)` does, 16 under way for each of 8 clients.
template <class One>
Many run_many(std::vector<std::vector<Slot>>& slots, std::uint64_t events, const One& one) {
  const Stopwatch watch;
  const CpuStopwatch cpu_watch;
  run_threads(clients, [&](std::size_t client) {
    FreeSlots free;
    for (Slot& slot : slots[client]) free.add(slot);
    for (std::uint64_t i = 0; i < events / clients; ++i) {
      Slot& slot = free.take();
      one(slot, [&free, &slot] { free.give_back(slot); });
    }
    free.wait_for_all();
  });
  const auto count = static_cast<double>(events);
  return {count / watch.seconds(), cpu_watch.seconds() * 1e6 / count};
}

struct ManyRounds {
  Rounds bare;
  Rounds commands;
  Rounds cpu;
};

void measure_many(CqrsContext& context, CommandHandler<Stock>& stocks, ManyRounds& measured) {
  EventStore& store = context.log.store();
  static std::vector<std::vector<Slot>> append_slots = make_slots("bare");
  static std::vector<std::vector<Slot>> command_slots = make_slots("stock");
  const CommandOptions options{.metadata = sixty_bytes()};
  const Many bare = run_many(append_slots, context.sizes.commands_8x16, [&](Slot& slot, auto done) {
    const NewEvent event = encoded(store, 7);
    store
        .append_async(slot.stream, slot.expected, {&event, 1},
                      [&slot, done](const Result<Appended>& appended) {
                        if (!appended) std::abort();
                        slot.expected = ExpectedRevision::exactly(appended->last_revision);
                        done();
                      })
        .value();
  });
  const Many commands = run_many(command_slots, context.sizes.commands_8x16, [&](const Slot& slot, auto done) {
    stocks
        .handle_async(
            slot.key, Receive{7},
            [done](const Result<Handled>& handled) {
              if (!handled) std::abort();
              done();
            },
            options)
        .value();
  });
  measured.bare.add(bare.events_per_second);
  measured.commands.add(commands.events_per_second, commands.events_per_second / bare.events_per_second);
  measured.cpu.add(commands.cpu_us_per_event, commands.cpu_us_per_event / bare.cpu_us_per_event);
}

struct OneClient {
  Rounds bare;
  Rounds command;
  Rounds with_id;
};

void measure_one(CqrsContext& context, CommandHandler<Stock>& stocks, IdSource& ids, OneClient& measured) {
  EventStore& store = context.log.store();
  const StreamId stream{"bare-one"};
  const CommandOptions options{.metadata = sixty_bytes()};
  std::vector<double> bare;
  std::vector<double> command;
  std::vector<double> with_id;
  const auto last = store.stream_head(stream).value();
  ExpectedRevision expected = last ? ExpectedRevision::exactly(*last) : ExpectedRevision::no_stream();
  (void)stocks.handle("one", Receive{1}, options).value();
  // Taking turns, so that what else the machine does strikes all alike.
  for (std::uint64_t i = 0; i < context.sizes.commands_1x1; ++i) {
    const Stopwatch append_watch;
    const NewEvent event = encoded(store, i);
    expected = ExpectedRevision::exactly(store.append(stream, expected, event).value().last_revision);
    bare.push_back(append_watch.microseconds());
    const Stopwatch command_watch;
    (void)stocks.handle("one", Receive{i + 1}, options).value();
    command.push_back(command_watch.microseconds());
    const Stopwatch id_watch;
    (void)stocks.handle("one", Receive{i + 1}, {.command_id = ids.next(), .metadata = options.metadata}).value();
    with_id.push_back(id_watch.microseconds());
  }
  const double bare_us = median(bare);
  measured.bare.add(bare_us);
  measured.command.add(median(command), median(command) / bare_us);
  measured.with_id.add(median(with_id), median(with_id) / bare_us);
}

}  // namespace

/// Commands to warm deciders over the same appends by hand.
void measure_commands(CqrsContext& context) {
  const auto outcomes = CommandOutcomes::open(context.log.database()).value();
  CommandHandler<Stock> stocks{context.log.store(), "stock", {}, {.outcomes = outcomes.get()}};
  const SystemClock clock;
  SeededRandom random{1};
  UuidV7Source ids{clock, random};
  OneClient one;
  ManyRounds many;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    measure_one(context, stocks, ids, one);
    measure_many(context, stocks, many);
  }
  Report& report = context.report;
  report.add(one.bare.figure({.name = "command.append_1x1", .unit = "us"}));
  report.add(one.command.figure(
      {.name = "command.1x1", .unit = "us", .limit = "append by hand", .goal = Goal::at_most(1.25)}));
  report.add(one.with_id.figure({.name = "command.1x1_with_id", .unit = "us", .limit = "append by hand"}));
  report.add(many.bare.figure({.name = "command.append_8x16", .unit = "event/s"}));
  report.add(many.commands.figure(
      {.name = "command.8x16", .unit = "event/s", .limit = "appends by hand", .goal = Goal::at_least(0.8)}));
  report.add(many.cpu.figure({.name = "command.8x16_cpu", .unit = "us/event", .limit = "appends by hand"}));
}

}  // namespace cairn::bench
