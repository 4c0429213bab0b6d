#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/runner_box.hpp"
#include "support/fault_sweep.hpp"
#include "support/long_run.hpp"
#include "support/scratch_folder.hpp"

namespace cairn {
namespace {

using test::fail_at;
using test::leave_trace;
using test::RunnerBox;

constexpr std::size_t events_of_a_stream = 6;

/// Three handlers: one that all is well with, one that cannot handle an event, one that fails at first here and there.
void add_handlers(RunnerBox& box) {
  box->add("good", leave_trace("good")).value();
  box->add("bad", fail_at("bad", "3", Errc::corrupt)).value();
  box->add("shaky",
           [failed = std::set<std::uint64_t>{}, trace = leave_trace("shaky")](
               Unit& unit, const RecordedEvent& event) mutable -> Result<void> {
             const bool fails = event.position.value % 5 == 0 && failed.insert(event.position.value).second;
             return fails ? Error{Errc::unavailable, "not now"} : trace(unit, event);
           })
      .value();
}

void append_all(RunnerBox& box) {
  for (const char* stream : {"account-1", "account-2", "account-3"}) box.append(stream, events_of_a_stream);
}

/// Whatever happened on the way: each event once for each handler, in order, and what could not be handled parked with
/// what came after it.
void expect_all_once(RunnerBox& box) {
  std::vector<std::string> all;
  std::vector<std::string> without_the_parked;
  std::uint64_t number = 0;
  for (const char* stream : {"account-1", "account-2", "account-3"}) {
    for (std::size_t i = 0; i < events_of_a_stream; ++i) {
      all.push_back(std::string{stream} + " " + std::to_string(++number));
      if (number < 3 || number > events_of_a_stream) without_the_parked.push_back(all.back());
    }
  }
  EXPECT_EQ(box.effects("good"), all);
  EXPECT_EQ(box.effects("shaky"), all);
  EXPECT_EQ(box.effects("bad"), without_the_parked);
  EXPECT_EQ(box.letters().count({.queue = "bad", .state = LetterState::parked}).value(), events_of_a_stream - 2);
  EXPECT_EQ(box.letters().count().value(), events_of_a_stream - 2);
}

// A sample in the usual run, each call in the long one.
TEST(RunnerCrash, HandlesEachEventOnceWhereverTheProcessOrThePowerWasLost) {
  RunnerBox box{{.step_events_max = 4}};
  append_all(box);
  add_handlers(box);
  std::vector<std::unique_ptr<MemoryVfs>> images;
  std::uint64_t calls = 0;
  const std::uint64_t every = test::long_run() ? 1 : 9;
  box.disk().on_call([&](const IoCall&) {
    if (++calls % every != 0) return;
    images.push_back(box.disk().clone());
    images.push_back(box.disk().crash({.seed = calls}));
  });
  box.run_until_quiet();
  box.disk().on_call({});
  expect_all_once(box);
  ASSERT_GT(images.size(), 20U);
  for (std::size_t i = 0; i < images.size(); ++i) {
    SCOPED_TRACE(i);
    box.continue_from(std::move(images[i]));
    add_handlers(box);
    box.run_until_quiet();
    expect_all_once(box);
    if (testing::Test::HasFailure()) return;
  }
}

class RunnerFaults : public ::testing::TestWithParam<test::FaultSweepCase> {};
INSTANTIATE_TEST_SUITE_P(Each, RunnerFaults, ::testing::ValuesIn(test::fault_sweep({})),
                         [](const auto& one) { return one.param.name; });

TEST_P(RunnerFaults, LeaveEachEventHandledOnceWhenTheStoreIsBack) {
  const std::uint64_t step = test::long_run() ? 1 : 5;
  bool fired = true;
  for (std::uint64_t at = 1; fired; at += step) {
    SCOPED_TRACE(at);
    RunnerBox box{{.step_events_max = 12}};
    append_all(box);
    add_handlers(box);
    if (at % 2 == 0) {
      // With suspects, which are taken otherwise.
      box->pause("bad").value();
      (void)box->run_once().value();
      box.kill();
      add_handlers(box);
      box->resume("bad").value();
    }
    FaultPlan plan = GetParam().plan;
    plan.at_call = at;
    box.disk().inject(plan);
    // Refused before the first step when the store fails there.
    for (int turns = 0; turns < 60; ++turns) {
      const auto more = box->run_once();
      if (more && !*more) box.clock().advance(std::chrono::minutes{1});
      // What it cannot write then is as after a crash.
      if (turns % 7 == 0) static_cast<void>(box->stop());
      if (turns % 11 == 0) static_cast<void>(box->pause("good"));
      static_cast<void>(box->resume("good"));
    }
    fired = box.disk().faults_fired() > 0;
    box.disk().clear_faults();
    if (box.database().fenced()) box.database().recover().value();
    box.clock().advance(std::chrono::minutes{1});
    box->resume("good").value();
    box.run_until_quiet();
    expect_all_once(box);
    if (testing::Test::HasFailure()) return;
  }
}

/// A way for the event whose number is 4 to end its process.
struct Death {
  const char* name;
  void (*die)();
};
void PrintTo(const Death& death, std::ostream* out) { *out << death.name; }

/// Recursion that no compiler can make a loop of, because each call's frame is read after the next one returned.
[[gnu::noinline]] int overflow(int depth) {
  std::array<volatile char, 4096> frame;
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

class RunnerPoison : public ::testing::TestWithParam<Death> {
 protected:
  /// One life of the service; true when it came to a good end.
  [[nodiscard]] bool live() const {
    const pid_t child = ::fork();
    if (child == 0) {
      // What it says on its way to the end is of no interest.
      (void)std::freopen("/dev/null", "w", stderr);
      serve();
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  void serve() const noexcept {
    SystemClock clock;
    SeededRandom random{1};
    auto database = Database::open({.file = folder / "store.db", .writer = WriterMode::stepped}).value();
    auto events = EventStore::open(*database).value();
    auto letters = DeadLetters::open(*database, {.clock = clock, .random = random}).value();
    auto runner =
        Runner::open({.events = *events, .letters = *letters, .clock = clock, .random = random}, {.step_events_max = 3})
            .value();
    const auto handler = [trace = leave_trace("a")](Unit& unit, const RecordedEvent& event) -> Result<void> {
      if (as_text(event.data) == "4") GetParam().die();
      return trace(unit, event);
    };
    runner->add("a", handler).value();
    while (runner->run_once().value()) {
    }
  }

  test::ScratchFolder folder;
};

INSTANTIATE_TEST_SUITE_P(Each, RunnerPoison,
                         ::testing::Values(Death{"Abort", [] { std::abort(); }},
                                           Death{"SegmentationFault", [] { (void)::raise(SIGSEGV); }},
                                           Death{"StackOverflow", [] { (void)overflow(0); }},
                                           Death{"KilledForItsMemory", [] { (void)::raise(SIGKILL); }},
                                           Death{"Exit", [] { ::_exit(1); }}),
                         [](const auto& one) { return one.param.name; });

TEST_P(RunnerPoison, IsParkedAfterTheAllowedAttempts) {
  {
    auto database = Database::open({.file = folder / "store.db", .writer = WriterMode::stepped}).value();
    auto events = EventStore::open(*database).value();
    (void)database
        ->write([](Unit& unit) { return unit.exec("CREATE TABLE effect (handler TEXT, stream TEXT, number TEXT)"); })
        .value();
    for (int number = 1; number <= 8; ++number) {
      const auto stream = StreamId::of("account", std::to_string(number % 2)).value();
      (void)events->append(stream, ExpectedRevision::any(), events->new_event("x", as_bytes(std::to_string(number))))
          .value();
    }
  }
  int deaths = 0;
  while (!live() && deaths < 10) ++deaths;
  EXPECT_EQ(deaths, 3);
  auto database = Database::open({.file = folder / "store.db", .writer = WriterMode::stepped}).value();
  std::vector<std::string> numbers;
  {
    auto reader = database->read().value();
    reader
        .each("SELECT number FROM effect ORDER BY rowid", {},
              [&](const Row& row) { numbers.emplace_back(row.text(0)); })
        .value();
  }
  EXPECT_THAT(numbers, ::testing::ElementsAre("1", "2", "3", "5", "7"));
  SystemClock clock;
  SeededRandom random{1};
  auto letters = DeadLetters::open(*database, {.clock = clock, .random = random}).value();
  EXPECT_EQ(letters->count({.queue = "a"}).value(), 3U) << "4, and 6 and 8 behind it";
}

}  // namespace
}  // namespace cairn
