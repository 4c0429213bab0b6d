#include <string>
#include <vector>

#include <cairn/core/random.hpp>
#include <cairn/dlq/dead_letters.hpp>

#include "cqrs_context.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {
namespace {

/// Queues of their own for each measurement, so that pages are not of a mixture.
constexpr const char* small_queue = "page-of-a-thousand";
constexpr const char* large_queue = "page-of-many";
constexpr std::uint64_t small_letters = 1'000;
constexpr std::uint64_t letters_of_a_unit = 500;
constexpr int pages = 200;

const Error why{Errc::timeout, "the account service did not answer"};

NewDeadLetter letter_of(const std::string& queue, const NewEvent& event, std::string key) {
  return {.queue = queue,
          .key = std::move(key),
          .source = "bench",
          .item = event.id,
          .type = event.type,
          .content_type = event.content_type,
          .payload = event.data,
          .metadata = event.metadata};
}

double microseconds_each(const Stopwatch& watch, std::uint64_t n) {
  return watch.seconds() * 1e6 / static_cast<double>(n);
}

/// Parks letters until the queue has `count`.
void fill(CqrsContext& context, DeadLetters& letters, const std::string& queue, std::uint64_t count) {
  for (std::uint64_t parked = letters.count({.queue = queue}).value(); parked < count;) {
    context.log.database()
        .write([&](Unit& unit) -> Result<void> {
          for (std::uint64_t i = 0; i < letters_of_a_unit; ++i) {
            const NewEvent event = context.log.store().new_event(Received{i}, sixty_bytes()).value();
            auto done = letters.park(unit, letter_of(queue, event, "key-" + std::to_string(i)), why);
            if (!done) return std::move(done).error();
          }
          return {};
        })
        .value();
    parked += letters_of_a_unit;
  }
}

/// Time of a page of a hundred, from all over the queue.
double page_time(DeadLetters& letters, const std::string& queue) {
  ListLetters options{.filter = {.queue = queue, .state = LetterState::parked}};
  const Stopwatch watch;
  for (int page = 0; page < pages; ++page) {
    const LetterPage shown = letters.list(options).value();
    options.after = shown.next;
  }
  return microseconds_each(watch, pages);
}

}  // namespace

/// What a durable append of the same bytes costs, over parking it as a dead letter, and over resolving that; one
/// client.
void measure_letters(CqrsContext& context) {
  SystemClock clock;
  SeededRandom random{1};
  const auto letters = DeadLetters::open(context.log.database(), {.clock = clock, .random = random}).value();
  EventStore& store = context.log.store();
  Rounds append;
  Rounds park;
  Rounds resolve;
  const std::uint64_t n = context.sizes.letters;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    std::vector<NewEvent> events;
    for (std::uint64_t i = 0; i < n; ++i) events.push_back(store.new_event(Received{i}, sixty_bytes()).value());
    const StreamId stream = StreamId::of("letters", std::to_string(round)).value();
    const Stopwatch appending;
    for (const NewEvent& event : events) (void)store.append(stream, ExpectedRevision::any(), event).value();
    const double appended = microseconds_each(appending, n);
    std::vector<LetterId> ids;
    const Stopwatch parking;
    for (std::uint64_t i = 0; i < n; ++i) {
      ids.push_back(letters->park(letter_of("measured", events[i], "key-" + std::to_string(i % 100)), why).value().id);
    }
    const double parked = microseconds_each(parking, n);
    const Stopwatch resolving;
    for (const LetterId id : ids) {
      context.log.database().write([&](Unit& unit) { return letters->resolve(unit, id, "bench"); }).value();
    }
    const double resolved = microseconds_each(resolving, n);
    append.add(appended);
    park.add(parked, parked / appended);
    resolve.add(resolved, resolved / appended);
  }
  context.report.add(append.figure({.name = "letter.append", .unit = "us"}));
  context.report.add(
      park.figure({.name = "letter.park", .unit = "us", .limit = "an append", .goal = Goal::at_most(1.5)}));
  context.report.add(
      resolve.figure({.name = "letter.resolve", .unit = "us", .limit = "an append", .goal = Goal::at_most(1.5)}));

  fill(context, *letters, small_queue, small_letters);
  fill(context, *letters, large_queue, context.sizes.letters_many);
  Rounds small;
  Rounds large;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const double of_thousand = page_time(*letters, small_queue);
    const double of_many = page_time(*letters, large_queue);
    small.add(of_thousand);
    large.add(of_many, of_many / of_thousand);
  }
  context.report.add(small.figure({.name = "letter.page_of_thousand", .unit = "us"}));
  context.report.add(large.figure(
      {.name = "letter.page_of_many", .unit = "us", .limit = "a page of a thousand", .goal = Goal::at_most(3)}));
}

}  // namespace cairn::bench
