#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include <cairn/core/clock.hpp>
#include <cairn/core/executor.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/recorded_event.hpp>
#include <cairn/eventstore/revision.hpp>

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
    /// Of a subscription to one stream: what was handed out does not lead up to here, so who folds events begins anew
    /// with those of this batch, which are this revision and later ones. Either revisions before it would have come
    /// next and are not kept any more; or the stream was deleted or tombstoned, which is said also to who was handed
    /// all of the life that ended, and wakes who waits. A retention that cuts no more than what was handed out is no
    /// news. Said with the first batch after it was noticed, and again to who comes back with a revision of that life.
    std::optional<Revision> truncated_before{};
    /// There was nothing more when this batch was read.
    bool caught_up = false;

    /// Nothing is here and nothing was left behind.
    [[nodiscard]] bool nothing_left() const noexcept { return caught_up && events.empty(); }
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
  /// once now, and once after each call that left nothing (a batch with nothing_left(), or `fenced`) when something
  /// comes (an event, recover(), the store's end). So a job that calls try_next() until nothing is left misses nothing;
  /// one that stops earlier posts itself. Once nothing is left the next job may begin, on another thread: the call that
  /// says so is the last a job makes. "May": the filter may let nothing through after all.
  /// Posted from whichever thread made it so, mostly the writer's: `executor` must queue and not run at once, and be
  /// there until the hook is taken away or the subscription destroyed. `ready` must not throw. It replaces the one
  /// before; an empty one is none. A posted job that has not begun calls the `ready` of then, if there is one.
  /// May be called from any thread.
  void on_ready(Executor& executor, std::function<void()> ready);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
