#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <cairn/core/random.hpp>
#include <cairn/delivery/runner.hpp>
#include <cairn/dlq/dead_letters.hpp>

#include "cqrs_context.hpp"
#include "replay.hpp"
#include "run_directory.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

constexpr std::uint64_t events_of_an_append = 1'000;
constexpr std::size_t streams = 1'000;

/// A log of its own: handlers begin at its beginning, so it holds nothing else.
void fill(const EventStore& from, EventStore& store, std::uint64_t events) {
  for (std::uint64_t written = 0; written < events; written += events_of_an_append) {
    std::vector<NewEvent> batch;
    for (std::uint64_t i = 0; i < events_of_an_append; ++i) {
      batch.push_back(from.new_event(Received{i}, sixty_bytes()).value());
    }
    const StreamId stream = StreamId::of("stock", std::to_string(written / events_of_an_append % streams)).value();
    (void)store.append(stream, ExpectedRevision::any(), batch).value();
  }
}

struct Handed {
  double seconds = 0;
  std::uint64_t commits = 0;
};

/// Steps of so many events, however long they take.
RunnerOptions steps_of(std::size_t events) {
  return {.step_events_max = events, .step_budget = std::chrono::seconds{10}, .batch_bytes = events * 1'000};
}

/// Hands all events to so many new handlers.
Handed hand_out(OpenLog& log, DeadLetters& letters, std::size_t handlers, const EventHandler& handler,
                const RunnerOptions& options = {}) {
  SystemClock clock;
  SeededRandom random{1};
  const auto runner =
      Runner::open({.events = log.store(), .letters = letters, .clock = clock, .random = random}, options).value();
  static int handler_number = 0;
  for (std::size_t i = 0; i < handlers; ++i) runner->add("bench-" + std::to_string(++handler_number), handler).value();
  const std::uint64_t commits = log.database().statistics().groups_committed;
  const Stopwatch watch;
  while (runner->run_once().value()) {
  }
  const double seconds = watch.seconds();
  for (const Progress& progress : runner->progress()) {
    if (progress.handled != log.store().head().value) throw std::runtime_error{"runner: events are missing"};
  }
  return {.seconds = seconds, .commits = log.database().statistics().groups_committed - commits};
}

Result<void> nothing(Unit&, const RecordedEvent&) { return {}; }

/// The least that a read model does.
Result<void> write_a_row(Unit& unit, const RecordedEvent& event) {
  auto done = unit.exec(
      "INSERT INTO seen (stream, events) VALUES ($1, 1) ON CONFLICT DO UPDATE SET events = events + 1", {event.stream});
  if (!done) return std::move(done).error();
  return {};
}

}  // namespace

/// A bare replay of a log, over handing the same events to handlers that do nothing.
void measure_runner(CqrsContext& context) {
  const std::filesystem::path file = context.log.database().file().parent_path() / "runner.db";
  OpenLog log{file};
  fill(context.log.store(), log.store(), context.sizes.replayed);
  (void)log.database()
      .write([](Unit& unit) {
        return unit.exec("CREATE TABLE seen (stream TEXT PRIMARY KEY, events INTEGER) WITHOUT ROWID");
      })
      .value();
  SystemClock clock;
  SeededRandom random{1};
  const auto letters = DeadLetters::open(log.database(), {.clock = clock, .random = random}).value();
  const std::uint64_t events = context.sizes.replayed;
  const auto rate = [events](double seconds) { return static_cast<double>(events) / seconds; };
  Rounds bare;
  Rounds one;
  Rounds three;
  Rounds commits;
  Rounds short_steps;
  for (int round = 0; round <= context.sizes.rounds; ++round) {
    const Stopwatch watch;
    if (replay(log.store().read_all()) != events) throw std::runtime_error{"replay: events are missing"};
    const double replayed = rate(watch.seconds());
    const Handed to_one = hand_out(log, *letters, 1, nothing);
    const Handed to_three = hand_out(log, *letters, 3, nothing);
    const Handed in_short_steps = hand_out(log, *letters, 1, write_a_row, steps_of(10'000));
    const Handed in_long_steps = hand_out(log, *letters, 1, write_a_row, steps_of(100'000));
    if (round == 0) continue;  // warms the caches
    bare.add(replayed);
    one.add(rate(to_one.seconds), rate(to_one.seconds) / replayed);
    three.add(rate(to_three.seconds), rate(to_three.seconds) / replayed);
    short_steps.add(in_short_steps.seconds * 1e3, in_short_steps.seconds / in_long_steps.seconds);
    commits.add(static_cast<double>(events) / static_cast<double>(to_one.commits));
  }
  context.report.add(bare.figure({.name = "runner.replay", .unit = "/s"}));
  context.report.add(one.figure(
      {.name = "runner.empty_handler", .unit = "/s", .limit = "a bare replay", .goal = Goal::at_least(0.7)}));
  context.report.add(three.figure({.name = "runner.three_handlers", .unit = "/s", .limit = "a bare replay"}));
  context.report.add(commits.figure({.name = "runner.checkpoints", .unit = "events a commit"}));
  context.report.add(short_steps.figure(
      {.name = "runner.steps_of_10_000", .unit = "ms", .limit = "steps of 100,000", .goal = Goal::at_most(1.05)}));
  log.close();
}

}  // namespace cairn::bench
