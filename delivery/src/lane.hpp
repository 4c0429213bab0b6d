#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/eventstore/subscription.hpp>

#include "handler.hpp"

namespace cairn::delivery {

struct RunnerDesk;

/// One reading of the log, and the handlers that share it: all at the same position. A handler that has to be alone, to
/// try an event again or to look at suspects one by one, has a lane of its own, and joins another when that is past.
class Lane final {
 public:
  Lane(RunnerDesk& desk, std::shared_ptr<Handler> handler);

  /// Reads and hands out as much as one step may, and not beyond `limit`. Whether there may be more to do at once.
  bool step(std::optional<GlobalPosition> limit);
  /// Takes in the handlers of a lane at the same position.
  void join(Lane& other);
  /// Handlers that failed in the last step, and go on alone from where this lane is.
  [[nodiscard]] std::vector<std::shared_ptr<Handler>> take_leaving();
  void leave(const Handler& handler);

  [[nodiscard]] const std::vector<std::shared_ptr<Handler>>& handlers() const noexcept { return handlers_; }
  [[nodiscard]] GlobalPosition position() const noexcept { return handlers_.front()->position; }
  /// Could share its reading with another lane that is where it is.
  [[nodiscard]] bool may_join() const;
  /// When a lane that waits goes on by itself; the end of time: never, because the store is closed.
  [[nodiscard]] std::optional<SteadyTime> waits_until() const noexcept { return not_before_; }
  /// The store is there again after recover().
  void store_is_back();
  /// Reads the log anew next time, and what is stored of the handlers before.
  void start_over();
  /// From now on a turn is taken when there is more to read, if the runner runs on an executor.
  void listen();

 private:
  struct Slice;

  [[nodiscard]] bool waiting() const;
  Result<void> fetch();
  Result<void> read_rows();
  /// Up to which index the step may go; not beyond what a lone handler has to be careful with.
  [[nodiscard]] std::size_t end_of_slice(std::optional<GlobalPosition> limit) const;
  [[nodiscard]] std::uint64_t slice_events_max() const;
  /// So far behind that it reads in the unit that hands out.
  [[nodiscard]] bool is_far() const;
  bool hand_out(std::size_t end, std::optional<GlobalPosition> limit);
  bool hand_out_far();
  /// Hands events out in a unit until it is time.
  using HandEvents = std::function<Result<void>(Unit&, Slice&, SteadyTime until)>;
  /// One unit: what `hand` does, and the checkpoints. Nothing when it failed, after what follows from that.
  std::optional<Slice> write_slice(const HandEvents& hand);
  Result<void> fill(Unit& unit, const HandEvents& hand, Slice& slice);
  /// Whether all of them.
  Result<bool> hand_all(Unit& unit, std::span<const RecordedEvent> events, Slice& slice, SteadyTime until);
  Result<void> hand_one(Unit& unit, const Handler& handler, const RecordedEvent& event, bool has_parked,
                        std::uint64_t& parked);
  /// The next event is one to be careful with; nothing when it is not.
  std::optional<bool> careful_step();
  bool try_again(Handler& handler, const RecordedEvent& event);
  bool take_suspects(Handler& handler);
  /// Stores that the next attempt is made now; false when that failed.
  bool announce(Handler& handler, const RecordedEvent& event);
  bool park_suspect(Handler& handler, const RecordedEvent& event);
  bool park(Handler& handler, NewDeadLetter letter);
  bool pause(Handler& handler, const Error& why);
  void failed(const Slice& slice);
  /// A commit was refused for what some handler wrote at some event of the slice.
  void refused(Slice slice, const Error& error);
  /// Where the handlers are when all of the batch before `end` is handled.
  [[nodiscard]] GlobalPosition position_at(std::size_t end, std::optional<GlobalPosition> limit) const;
  /// Something about the store: everything again, later.
  bool trouble(const Error& error);
  /// Nothing up to here concerned the handlers.
  bool pass_to(GlobalPosition position);
  /// What is to be stored of a handler when all of the batch before `end` is handled.
  [[nodiscard]] HandlerRow row_at(const Handler& handler, std::size_t end, GlobalPosition position) const;
  /// It is stored.
  void moved(const std::vector<HandlerRow>& rows);
  void publish() const;
  [[nodiscard]] bool alone() const noexcept { return handlers_.size() == 1; }

  RunnerDesk& desk_;
  std::vector<std::shared_ptr<Handler>> handlers_;
  std::vector<std::shared_ptr<Handler>> leaving_;
  EventFilter filter_{};
  bool each_takes_all_ = false;  ///< what the filter lets through
  std::optional<Subscription> subscription_;
  Subscription::Batch batch_{};
  std::size_t next_ = 0;  ///< in the batch
  bool rows_are_known_ = true;
  bool caught_up_ = false;
  bool announces_next_ = false;  ///< the commit of a suspect carries the attempt at the next, which follows at once
  std::uint32_t troubles_ = 0;   ///< in a row
  std::optional<Error> trouble_{};
  std::optional<SteadyTime> not_before_{};
};

}  // namespace cairn::delivery
