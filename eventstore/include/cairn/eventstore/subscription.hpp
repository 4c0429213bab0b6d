#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include <cairn/core/clock.hpp>
#include <cairn/core/executor.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/recorded_event.hpp>

namespace cairn {

/// Follows the log, or one stream, for ever: first what is there, then what comes, every committed event once and in
/// order, with no seam between the two. Made by EventStore::subscribe().
///
/// The consumer pulls. What it has not pulled costs nobody anything: between calls a subscription holds one batch and
/// no transaction, and one that falls behind what the store keeps in memory (EventStoreOptions::recent_events_max)
/// reads the file, as a Reader does. Nothing is polled: who waits is woken by the commit that concerns it.
///
/// Database::recover() goes unnoticed but for an error perhaps: the subscription goes on after what it delivered last.
/// A checkpoint is the caller's: store `scanned_through` and come back with StartPosition::after().
///
/// For one consumer at a time. It may outlive the store: all it says then is `cancelled`.
class Subscription final {
 public:
  struct Batch {
    /// In order; good until the next call on this subscription. May be none.
    std::span<const RecordedEvent> events{};
    /// Every event the subscription is about, up to here, has been handed out: the checkpoint after this batch. It
    /// moves also when the filter lets nothing through. Before the log has got to a start in the future: that start.
    GlobalPosition scanned_through{};
    /// There was nothing more when this batch was read.
    bool caught_up = false;
  };

  struct Impl;
  explicit Subscription(std::unique_ptr<Impl> impl) noexcept;
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  /// Waits until there is something to say: events; or that the subscription has caught up, once after it had not; or
  /// that it looked at many events in vain, so that a checkpoint may move. At `deadline` (of the store's clock), which
  /// may have passed, it looks once more and returns what there is, perhaps an empty batch: that no event came is news
  /// too, and `scanned_through` says how far it holds. With a stepped writer it never waits: nobody else would append.
  /// Errors: cancelled (`stop` requested, or the store closed; also while waiting), fenced (everything committed was
  /// delivered and nothing comes before recover()), invalid (inside a unit or a completion), and those of a Reader.
  /// After an error the next call goes on where this one would have.
  [[nodiscard]] Result<Batch> next(SteadyTime deadline = SteadyTime::max(), std::stop_token stop = {});
  /// What there is now.
  [[nodiscard]] Result<Batch> try_next() { return next(SteadyTime::min()); }

  /// Posts `ready` to `executor` when there may be something to read, for consumers without a thread of their own:
  /// once now, and once after each batch that said caught_up, or error that said fenced, when something comes (an
  /// event, recover(), the store's end). So a job that calls try_next() until caught_up misses nothing, and one that
  /// stops earlier is not called again: it posts itself. "May": the filter may still let nothing through. Posted from
  /// whichever thread made it so, mostly the writer's: `executor` must queue and not run at once. `ready` must not
  /// throw. It replaces the one before; an empty one is none. A posted job that has not begun when the subscription is
  /// destroyed or the hook replaced does not call the old `ready`. May be called from any thread. `executor` outlives
  /// the subscription.
  void on_ready(Executor& executor, std::function<void()> ready);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
