#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>

namespace cairn {
class QueuedUnit;
}

namespace cairn::sql {

/// What waits for the writer: units, first come first served and bounded by count and bytes; errands (recover, attach),
/// which go first; background units, which wait until it is their turn. Producers beyond the bound wait in order; the
/// writer sleeps while there is nothing.
/// Thread-safe; one consumer.
class CommitQueue final {
 public:
  struct Limits {
    std::size_t units_max;
    std::size_t bytes_max;
    std::chrono::milliseconds timeout;
  };
  /// Something to do on the writer's thread between two groups.
  using Errand = std::function<void()>;
  enum class Found : unsigned char { work, background, nothing, stop };

  CommitQueue(Limits limits, const Clock& clock) : limits_{limits}, clock_{clock} {}
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  /// Queues `unit`; when full, waits (`may_wait`) at most the timeout. Errors: timeout, and the reason given to
  /// refuse().
  Result<void> push(QueuedUnit& unit, bool may_wait);
  /// Queues `unit` behind everything else. There is always room: whoever queues one waits for it. Errors: the reason
  /// given to refuse().
  Result<void> push_background(QueuedUnit& unit);
  /// Errors: cancelled (stopped).
  Result<void> push_errand(Errand errand);

  /// Takes the oldest units, at least one if there is one, up to the limits. Lets waiting producers in.
  void take(std::vector<QueuedUnit*>& units, std::size_t units_max, std::size_t bytes_max);
  [[nodiscard]] std::optional<Errand> take_errand();
  /// The oldest background unit, or nullptr.
  [[nodiscard]] QueuedUnit* take_background();
  [[nodiscard]] bool has_background() const;
  /// Sleeps until there is a unit or an errand (work) or, when asked `for_background`, such a unit (background); for at
  /// most `patience` (nothing); or until stopped and empty of the former two (stop).
  [[nodiscard]] Found wait(std::optional<std::chrono::microseconds> patience, bool for_background);
  /// Nothing to take of any kind, not stopped.
  [[nodiscard]] bool quiet() const;

  /// From now on push() is refused with `reason`, and so are producers that wait. What is queued stays.
  void refuse(const Error& reason);
  void accept();
  /// No more errands; wait() says stop once everything was taken. Comes after refuse().
  void stop();

 private:
  struct Entry {
    QueuedUnit* unit;
    std::size_t bytes;
  };
  struct Producer {  // waits for room, on its own stack
    Entry entry;
    std::condition_variable told;
    std::optional<Result<void>> answer;
  };
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept;
  void add(Entry entry);
  void let_in();

  const Limits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Entry> units_;
  std::size_t bytes_ = 0;
  std::deque<Producer*> producers_;
  std::deque<Errand> errands_;
  std::deque<QueuedUnit*> background_;
  std::optional<Error> refusal_;
  bool writer_sleeps_ = false;
  bool sleeps_for_background_ = false;  // and is woken by such a unit, too
  bool stopped_ = false;
};

}  // namespace cairn::sql
