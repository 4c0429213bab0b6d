#include <cairn/dlq/redrive.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include <cairn/core/call_user.hpp>
#include <cairn/core/timers.hpp>

#include "letter_desk.hpp"
#include "letter_limits.hpp"
#include "letter_search.hpp"
#include "redrive_runs.hpp"

namespace cairn {

using letters::QueueHandler;

namespace {

/// Letters a slice looks at, most of them perhaps only to find that they do not pass or have to wait.
constexpr std::size_t slice_letters = 64;
/// One in three hours; less is hardly meant.
constexpr double attempts_per_second_min = 1e-4;

Error no_handler(std::string_view queue) {
  return Error{Errc::not_found, fmt::format("redrive: queue {} has no handler", queue)};
}

Result<void> check_pace(const RedriveOptions& options) {
  if (!options.attempts_per_second) return {};
  if (!(*options.attempts_per_second >= attempts_per_second_min)) {
    return Error{Errc::invalid, fmt::format("redrive: {} attempts a second, at least {}", *options.attempts_per_second,
                                            attempts_per_second_min)};
  }
  if (options.timers == nullptr) return Error{Errc::invalid, "redrive: a pace needs timers"};
  return {};
}

/// Returns at `time`, or when `stop` is requested.
void wait_until(Timers& timers, SteadyTime time, const std::stop_token& stop) {
  struct Wait {
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;
    void end() {
      const std::lock_guard lock{mutex};
      over = true;
      changed.notify_all();
    }
  };
  // Shared, because a timer that is cancelled may still run.
  const auto wait = std::make_shared<Wait>();
  const TimerHandle timer = timers.at(time, [wait] { wait->end(); });
  const std::stop_callback stopped{stop, [wait] { wait->end(); }};
  std::unique_lock lock{wait->mutex};
  wait->changed.wait(lock, [&] { return wait->over; });
}

/// One run, slice by slice.
class RedriveSteps {
 public:
  RedriveSteps(letters::LetterDesk& letters, std::uint64_t number, const RedriveOptions& options)
      : letters_{letters}, number_{number}, options_{options}, next_{letters.clock.steady_now()} {}

  Result<RedriveProgress> run() {
    for (;;) {
      if (options_.stop.stop_requested()) {
        return Error{Errc::cancelled, fmt::format("redrive {}: stopped", number_)}.with("run", number_);
      }
      auto progress = step();
      if (!progress) return progress;
      if (options_.on_progress) {
        auto told = call_user("redrive: on_progress", options_.on_progress, *progress);
        if (!told) return std::move(told).error();
      }
      if (progress->done) return progress;
      keep_pace();
    }
  }

 private:
  Result<RedriveProgress> step() {
    RedriveRecord run;
    claimed_.reset();
    slice_began_ = letters_.clock.steady_now();
    if (auto settled = letters_.settle_leftovers(); !settled) return std::move(settled).error();
    auto sliced = letters_.database.write([&](Unit& unit) -> Result<void> {
      claimed_.reset();
      attempts_in_slice_ = 0;
      auto stored = letters::read_run(unit, number_);
      if (!stored) return std::move(stored).error();
      run = std::move(*stored);
      if (run.done) return {};
      if (auto done = slice(unit, run); !done) return done;
      return letters::write_run(unit, run);
    });
    if (!sliced) {
      if (claimed_) letters_.forget_claim(claimed_->claim, sliced.error());
      return std::move(sliced).error();
    }
    if (claimed_) {
      if (auto settled = finish_outside(run); !settled) return std::move(settled).error();
    }
    const RedriveProgress& progress = run;
    return progress;
  }

  Result<void> slice(Unit& unit, RedriveRecord& run) {
    LetterFilter filter = run.filter;
    filter.state = LetterState::parked;
    auto search = letters::LetterSearch::make(unit, filter);
    if (!search) return std::move(search).error();
    auto ids = search->candidates({run.position.value + 1, run.through.value}, Direction::forward, slice_letters);
    if (!ids) return std::move(ids).error();
    const SteadyTime began = letters_.clock.steady_now();
    for (const LetterId id : *ids) {
      auto looked = look_at(unit, *search, id, run);
      if (!looked) return std::move(looked).error();
      if (*looked == Looked::not_yet) return {};
      run.position = id;
      if (*looked == Looked::tried && slice_is_full(began)) break;
    }
    if (ids->size() < slice_letters && (ids->empty() || run.position == ids->back())) {
      run.ended_at = letters_.clock.now();
      run.done = true;
    }
    return {};
  }

  enum class Looked : std::uint8_t { passed_by, tried, not_yet };

  Result<Looked> look_at(Unit& unit, const letters::LetterSearch& search, LetterId id, RedriveRecord& run) {
    if (!search.all_pass()) {
      auto summary = letters::read_summary(unit, id);
      if (!summary) return std::move(summary).error();
      if (!search.passes(*summary)) return Looked::passed_by;
    }
    auto head = letters::read_head(unit, id);
    if (!head) return std::move(head).error();
    const auto handler = letters_.handler_of(head->queue_name);
    auto obstacle = letters_.obstacle(unit, *head);
    if (!obstacle) return std::move(obstacle).error();
    if (!handler) return no_handler(head->queue_name);
    if (*obstacle) {
      ++run.waiting;
      return Looked::passed_by;
    }
    if (handler->outside) {
      // Its attempt begins with this slice's commit, so it is the last of the slice, and counts when it has ended.
      if (attempts_in_slice_ > 0) return Looked::not_yet;
      auto claim = letters_.claim(unit, *head, run.worker);
      if (!claim) return std::move(claim).error();
      claimed_ = Claimed{handler, std::move(*claim)};
      return Looked::not_yet;
    }
    auto failed = letters_.try_in_unit(unit, *head, *handler, run.worker);
    if (!failed && failed.error().code() == Errc::corrupt) failed = std::optional{failed.error()};
    if (!failed) return std::move(failed).error();
    ++(*failed ? run.failed : run.resolved);
    ++attempts_in_slice_;
    return Looked::tried;
  }

  [[nodiscard]] bool slice_is_full(SteadyTime began) const {
    if (letters_.clock.steady_now() - began >= letters_.options.slice_budget) return true;
    // Paced: a tenth of a second's worth, one at least.
    return options_.attempts_per_second &&
           static_cast<double>(attempts_in_slice_) >= *options_.attempts_per_second / 10;
  }

  Result<void> finish_outside(RedriveRecord& run) {
    const letters::LetterDesk::Claim& claim = claimed_->claim;
    const LetterId id = claim.letter.id;
    const auto ended = letters_.call_outside(*claimed_->handler, claim.letter);
    attempts_in_slice_ = 1;
    auto settled = letters_.database.write([&](Unit& unit) -> Result<void> {
      if (auto done = letters_.settle_claim(unit, id, claim.attempt, ended); !done) return done;
      auto stored = letters::read_run(unit, number_);
      if (!stored) return std::move(stored).error();
      run = std::move(*stored);
      ++(ended.error ? run.failed : run.resolved);
      run.position = std::max(run.position, id);
      return letters::write_run(unit, run);
    });
    if (!settled) letters_.keep_unsettled(id, claim.attempt, ended);
    return settled;
  }

  /// Waits as long as this slice's attempts are worth. One that took long is not made up for by a burst.
  void keep_pace() {
    if (!options_.attempts_per_second) return;
    const std::chrono::duration<double> worth{static_cast<double>(attempts_in_slice_) / *options_.attempts_per_second};
    next_ = std::max(next_, slice_began_) + std::chrono::duration_cast<std::chrono::nanoseconds>(worth);
    if (next_ > letters_.clock.steady_now()) wait_until(*options_.timers, next_, options_.stop);
  }

  struct Claimed {
    std::shared_ptr<QueueHandler> handler;
    letters::LetterDesk::Claim claim;
  };

  letters::LetterDesk& letters_;
  const std::uint64_t number_;
  const RedriveOptions& options_;
  SteadyTime next_;  ///< before this no slice begins
  SteadyTime slice_began_{};
  std::uint64_t attempts_in_slice_ = 0;
  std::optional<Claimed> claimed_;
};

/// Keeps a run to one caller.
class RunUnderWay {
 public:
  static Result<RunUnderWay> begin(letters::LetterDesk& letters, std::uint64_t number) {
    const std::lock_guard lock{letters.runs_mutex};
    if (!letters.runs_under_way.insert(number).second) {
      return Error{Errc::conflict, fmt::format("redrive {} is under way", number)};
    }
    return RunUnderWay{letters, number};
  }
  ~RunUnderWay() {
    if (letters_ == nullptr) return;
    const std::lock_guard lock{letters_->runs_mutex};
    letters_->runs_under_way.erase(number_);
  }
  RunUnderWay(RunUnderWay&& other) noexcept
      : letters_{std::exchange(other.letters_, nullptr)}, number_{other.number_} {}
  RunUnderWay& operator=(RunUnderWay&&) = delete;

 private:
  RunUnderWay(letters::LetterDesk& letters, std::uint64_t number) : letters_{&letters}, number_{number} {}

  letters::LetterDesk* letters_;
  std::uint64_t number_;
};

}  // namespace

Result<RedriveProgress> DeadLetters::redrive(const LetterFilter& filter, const RedriveOptions& options) {
  if (auto good = check_pace(options); !good) return std::move(good).error();
  if (auto good = letters::check_author("redrive: the worker", options.worker); !good) return std::move(good).error();
  auto begun = impl_->database.write([&](Unit& unit) -> Result<std::uint64_t> {
    LetterFilter parked = filter;
    parked.state = LetterState::parked;
    auto search = letters::LetterSearch::make(unit, parked);
    if (!search) return std::move(search).error();
    for (const std::uint32_t queue : search->queues()) {
      auto name = unit.first<std::string>("SELECT name FROM dead_letter_queue WHERE number = $1", {queue});
      if (!name) return std::move(name).error();
      if (!impl_->handler_of(**name)) return no_handler(**name);
    }
    return letters::begin_run(unit, filter, options.worker, impl_->clock.now());
  });
  if (!begun) return std::move(begun).error();
  return resume_redrive(*begun, options);
}

Result<RedriveProgress> DeadLetters::resume_redrive(std::uint64_t run, const RedriveOptions& options) {
  if (auto good = check_pace(options); !good) return std::move(good).error();
  auto under_way = RunUnderWay::begin(*impl_, run);
  if (!under_way) return std::move(under_way).error();
  return RedriveSteps{*impl_, run, options}.run();
}

Result<void> DeadLetters::cancel_redrive(std::uint64_t run) {
  return impl_->database.write([&](Unit& unit) -> Result<void> {
    auto stored = letters::read_run(unit, run);
    if (!stored) return std::move(stored).error();
    if (stored->done) return Error{Errc::conflict, fmt::format("cancel redrive {}: it has ended", run)};
    stored->ended_at = impl_->clock.now();
    return letters::write_run(unit, *stored);
  });
}

Result<std::vector<RedriveRecord>> DeadLetters::redrives(std::size_t runs_max) const {
  auto reader = impl_->database.read();
  if (!reader) return std::move(reader).error();
  return letters::read_runs(*reader, runs_max);
}

}  // namespace cairn
