#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/id_source.hpp>
#include <cairn/core/memory_metrics.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/delivery/runner.hpp>
#include <cairn/dlq/dead_letters.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::test {

/// A store with a runner in memory, without threads, on a simulated clock; and table `effect`, where handlers leave
/// traces.
class RunnerBox {
 public:
  explicit RunnerBox(RunnerOptions options = {});
  /// The same with a writer's thread and the machine's clock.
  [[nodiscard]] static std::unique_ptr<RunnerBox> with_threads(RunnerOptions options);
  ~RunnerBox();
  RunnerBox(const RunnerBox&) = delete;
  RunnerBox& operator=(const RunnerBox&) = delete;

  Runner* operator->() noexcept { return runner_.get(); }
  [[nodiscard]] EventStore& events() noexcept { return *events_; }
  [[nodiscard]] DeadLetters& letters() noexcept { return *letters_; }
  [[nodiscard]] Database& database() noexcept { return *database_; }
  [[nodiscard]] SimulatedClock& clock() noexcept { return clock_; }
  [[nodiscard]] MemoryVfs& disk() noexcept { return *disk_; }
  [[nodiscard]] const MemoryMetrics& metrics() const noexcept { return metrics_; }

  /// Ends the process in good order, or loses it; handlers are to be added again.
  void restart();
  void kill();
  /// Goes on from what was on another disk at some moment.
  void continue_from(std::unique_ptr<MemoryVfs> disk);

  /// Appends events to a stream, their data the next numbers from 1.
  void append(std::string_view stream, std::size_t count = 1);
  /// Steps until there is nothing to do at the moment.
  void run();
  /// The same, a minute after the other, until nothing is tried again.
  void run_until_quiet();

  /// What handlers have left: "<handler> <stream> <number>", in order; of one handler if named, then without it.
  [[nodiscard]] std::vector<std::string> effects(std::string_view handler = {});
  [[nodiscard]] std::uint64_t position_of(std::string_view handler);
  [[nodiscard]] HandlerState state_of(std::string_view handler);

 private:
  void open();
  void shut();

  RunnerBox(RunnerOptions options, WriterMode writer);

  RunnerOptions options_;
  WriterMode writer_;
  SystemClock system_clock_;
  SimulatedClock clock_;
  Clock& used_clock_;
  MemoryMetrics metrics_;
  SeededRandom random_{3};
  UuidV7Source ids_{clock_, random_};
  SeededRandom letter_random_{5};
  SeededRandom runner_random_{7};
  std::uint64_t last_number_ = 0;
  std::unique_ptr<MemoryVfs> disk_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventStore> events_;
  std::unique_ptr<DeadLetters> letters_;
  std::unique_ptr<Runner> runner_;
};

/// A handler that leaves a trace of each event in table `effect`.
[[nodiscard]] EventHandler leave_trace(std::string name);
/// The same, but for events whose number is `number`, which fail.
[[nodiscard]] EventHandler fail_at(std::string name, std::string number, Errc code = Errc::handler_failed);

}  // namespace cairn::test
