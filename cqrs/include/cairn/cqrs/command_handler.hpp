#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <cairn/core/attempt.hpp>
#include <cairn/core/call_user.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/cqrs/command_options.hpp>
#include <cairn/cqrs/command_outcomes.hpp>
#include <cairn/cqrs/command_work.hpp>
#include <cairn/cqrs/decider.hpp>
#include <cairn/cqrs/handled.hpp>
#include <cairn/cqrs/race.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn {

/// Handles commands to the entities of a category, each a stream "<category>-<key>" and a decider:
///
///     CommandHandler<Account> accounts{events, "account"};
///     auto done = accounts.handle("42", Withdraw{500});
///     if (!done && done.error().code() == Errc::rejected) show(done.error().rejection()->code());
///
/// A command loads the state (kept warm, or from a snapshot and what came after it), decides, and appends with the
/// exact revision it decided on. When somebody else was faster it decides again, on what the stream is then; see
/// CommandHandlerOptions::races. Events are applied to the state before they are stored, so one that `evolve` refuses
/// is not. A rejection is checked against the stream as well, and never tried again.
///
/// With a command id, a command is done once however often it is sent; see CommandOptions::command_id. Without one it
/// must not be repeated after outcome_unknown: whoever may have to repeat gives it an id.
///
/// Thread-safe; starts no thread. The store and the parts must outlive it, and it must outlive what handle_async()
/// began.
template <Decider State>
class CommandHandler final {
 public:
  CommandHandler(EventStore& events, std::string_view category, const CommandHandlerOptions& options = {},
                 const CommandHandlerParts& parts = {})
      : category_{category},
        options_{options},
        room_{.store = events,
              .snapshots = Snapshots{events, options.snapshots},
              .outcomes = parts.outcomes,
              .warm = detail::WarmCache{{.entries = options.cache_entries, .bytes = options.cache_bytes}}},
        race_{options.races, parts.timers} {}
  CommandHandler(const CommandHandler&) = delete;
  CommandHandler& operator=(const CommandHandler&) = delete;

  /// Handles `command`, durable on return. Errors: rejected (with Error::rejection(); number "repeated" when it was
  /// already the first time), handler_failed (decide, evolve or a codec threw), conflict (with AfterRaces::give_up:
  /// every race lost), invalid (inside a unit; a key that makes no stream name; a command id that is no UUIDv7, too
  /// old, taken by another command, or without a place to record it), and those of loading and of an append. After
  /// outcome_unknown: recover(), and the same command with the same id again.
  template <class Command>
    requires Decides<State, Command>
  Result<Handled> handle(std::string_view key, const Command& command, const CommandOptions& options = {}) {
    using Work = detail::CommandWork<State, const Command&>;
    auto work = begin<Work, const Command&>("CommandHandler::handle", key, command, options);
    if (!work) return std::move(work).error();
    Attempt attempt;
    for (;; attempt = attempt.next()) {
      auto outcome = try_once(**work);
      if (outcome || outcome.error().code() != Errc::conflict || (*work)->inside()) {
        return (*work)->settle(std::move(outcome), attempt);
      }
      (*work)->lost_race();
      if (race_.again(attempt, outcome.error())) continue;
      if (options_.after_races == AfterRaces::give_up) return std::move(outcome).error();
      (*work)->decide_inside();
    }
  }

  /// Called once, on the writer's thread, when the outcome is known: keep it short, and call nothing that waits.
  using HandleDone = std::function<void(Result<Handled>)>;
  /// The same without waiting for the disk: loads and decides on this thread, queues what was decided and returns. When
  /// somebody else was faster the command is decided in the unit at once (or given up). What is known at once (errors,
  /// and a rejection or nothing without a command id) is returned or told here: `done` is called unless an error is
  /// returned.
  template <class Command>
    requires Decides<State, Command>
  Result<void> handle_async(std::string_view key, Command command, HandleDone done,
                            const CommandOptions& options = {}) {
    using Work = detail::CommandWork<State, Command>;
    auto work = begin<Work, Command>("CommandHandler::handle_async", key, std::move(command), options);
    if (!work) return std::move(work).error();
    if (auto prepared = (*work)->prepare(); !prepared) {
      auto earlier = (*work)->earlier_or(std::move(prepared).error());
      if (!earlier) return std::move(earlier).error();
      tell(done, (*work)->settle(std::move(earlier), Attempt::first()));
      return {};
    }
    if ((*work)->writes_nothing()) {
      auto outcome = (*work)->write_alone();
      if (outcome || outcome.error().code() != Errc::conflict) {
        tell(done, (*work)->settle(std::move(outcome), Attempt::first()));
        return {};
      }
      (*work)->lost_race();
      (*work)->decide_inside();
    }
    auto queued = std::make_unique<Queued<Work>>(*this, *std::move(work), std::move(done));
    auto submitted = room_.store.database().submit(*queued);
    // From here on it belongs to the queue, which calls finished().
    if (submitted) static_cast<void>(queued.release());
    return submitted;
  }

 private:
  /// A command that its caller does not wait for; deletes itself when it is done.
  template <class Work>
  class Queued final : public QueuedUnit {
   public:
    Queued(CommandHandler& handler, std::unique_ptr<Work> work, HandleDone done)
        : handler_{handler}, work_{std::move(work)}, done_{std::move(done)}, size_{work_->size_bytes()} {}

    Result<void> run(Unit& unit) override {
      outcome_.reset();
      auto outcome = work_->write(unit);
      if (!outcome) return std::move(outcome).error();
      outcome_.emplace(*std::move(outcome));
      return {};
    }
    void finished(Result<void> ended) override {
      const bool lost = !ended && ended.error().code() == Errc::conflict && !work_->inside();
      if (lost) work_->lost_race();
      if (lost && handler_.options_.after_races == AfterRaces::decide_in_unit) {
        work_->decide_inside();
        attempt_ = attempt_.next();
        ended = handler_.room_.store.database().submit(*this);
        if (ended) return;
      }
      const std::unique_ptr<Queued> self{this};
      Result<CommandOutcome> outcome = ended ? Result<CommandOutcome>{*std::move(outcome_)} : std::move(ended).error();
      done_(work_->settle(std::move(outcome), attempt_));
    }
    [[nodiscard]] std::size_t size_bytes() const override { return size_; }

   private:
    CommandHandler& handler_;
    std::unique_ptr<Work> work_;
    HandleDone done_;
    const std::size_t size_;
    Attempt attempt_;
    std::optional<CommandOutcome> outcome_;
  };

  template <class Work, class Command>
  Result<std::unique_ptr<Work>> begin(std::string_view call, std::string_view key, Command&& command,
                                      const CommandOptions& options) {
    if (auto allowed = room_.store.database().may_wait(call); !allowed) return std::move(allowed).error();
    auto stream = StreamId::of(category_, key);
    if (!stream) return std::move(stream).error();
    auto work = std::make_unique<Work>(room_, *std::move(stream), std::forward<Command>(command), options);
    if (auto admitted = work->admit(); !admitted) return std::move(admitted).error();
    return work;
  }

  /// Here as from the queue, a completion that throws is logged and harms nobody.
  void tell(const HandleDone& done, Result<Handled> handled) {
    auto told = call_user("completion", done, std::move(handled));
    if (!told) detail::log_completion_failed(room_.store.database().logger(), told.error());
  }

  template <class Work>
  Result<CommandOutcome> try_once(Work& work) {
    if (!work.inside()) {
      if (auto prepared = work.prepare(); !prepared) return work.earlier_or(std::move(prepared).error());
      if (!work.needs_unit()) return work.write_alone();
    }
    return room_.store.database().write([&work](Unit& unit) { return work.write(unit); }, work.size_bytes());
  }

  const std::string category_;
  const CommandHandlerOptions options_;
  detail::CommandRoom room_;
  detail::Race race_;
};

}  // namespace cairn
