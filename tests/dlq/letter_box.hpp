#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/random.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/dlq/dead_letters.hpp>

namespace cairn::test {

/// A letter whose item and payload follow from `number`.
[[nodiscard]] NewDeadLetter make_letter(std::uint64_t number, std::string queue = "orders", std::string key = {});
[[nodiscard]] inline Error failure(std::string message = "no such account", Errc code = Errc::handler_failed) {
  return Error{code, std::move(message)};
}

/// Dead letters in memory, without threads, on a simulated clock; and table `effect`, where handlers leave traces.
class LetterBox {
 public:
  explicit LetterBox(DeadLetterOptions options = {}, std::unique_ptr<MemoryVfs> disk = MemoryVfs::create());

  DeadLetters* operator->() noexcept { return letters_.get(); }
  DeadLetters& operator*() noexcept { return *letters_; }
  [[nodiscard]] Database& database() noexcept { return *database_; }
  [[nodiscard]] SimulatedClock& clock() noexcept { return clock_; }
  [[nodiscard]] MemoryVfs& disk() noexcept { return *disk_; }

  /// Loses the process: what was committed stays.
  void kill();
  /// Goes on from what was on another disk at some moment.
  void continue_from(std::unique_ptr<MemoryVfs> disk);

  /// Parks letters 1 to `count`, all of `queue` and `key`.
  void park_many(std::uint64_t count, const std::string& queue = "orders", const std::string& key = {});
  /// Payloads that handlers have left, in order.
  [[nodiscard]] std::vector<std::string> effects();
  [[nodiscard]] LetterState state_of(std::uint64_t id);

 private:
  void open();

  DeadLetterOptions options_;
  SimulatedClock clock_;
  SeededRandom random_{7};
  std::unique_ptr<MemoryVfs> disk_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<DeadLetters> letters_;
};

/// A handler that leaves the payload in table `effect`.
Result<void> leave_effect(Unit& unit, const DeadLetter& letter);

}  // namespace cairn::test
