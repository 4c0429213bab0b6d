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

Result<void> check_pace(const RedriveOptions& options) {
  if (!options.attempts_per_second) return {};
  if (!(*options.attempts_per_second > 0)) {
    return Error{Errc::invalid, fmt::format("redrive: {} attempts a second", *options.attempts_per_second)};
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
      : letters_{letters}, number_{number}, options_{options}, began_{letters.clock.steady_now()} {}

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
    if (!sliced) return std::move(sliced).error();
    if (claimed_) {
      if (auto settled = finish_outside(run); !settled) return std::move(settled).error();
    }
    attempts_ += attempts_in_slice_;
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
    if (*obstacle || !handler) {
      ++run.waiting;
      return Looked::passed_by;
    }
    if (handler->outside) {
      // Its attempt begins with this slice's commit, so it is the last of the slice, and counts when it has ended.
      if (attempts_in_slice_ > 0) return Looked::not_yet;
      auto claim = letters_.claim(unit, *head, run.worker);
      if (!claim) return std::move(claim).error();
      claimed_ = Claimed{id, handler, std::move(claim->letter)};
      return Looked::not_yet;
    }
    auto failed = letters_.try_in_unit(unit, *head, *handler, run.worker);
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
    const auto ended = letters_.call_outside(*claimed_->handler, claimed_->letter);
    attempts_in_slice_ = 1;
    return letters_.database.write([&](Unit& unit) -> Result<void> {
      if (auto settled = letters_.settle_claim(unit, claimed_->id, ended); !settled) return settled;
      auto stored = letters::read_run(unit, number_);
      if (!stored) return std::move(stored).error();
      run = std::move(*stored);
      ++(ended.error ? run.failed : run.resolved);
      run.position = std::max(run.position, claimed_->id);
      return letters::write_run(unit, run);
    });
  }

  void keep_pace() const {
    if (!options_.attempts_per_second) return;
    const std::chrono::duration<double> spent{static_cast<double>(attempts_) / *options_.attempts_per_second};
    const SteadyTime next = began_ + std::chrono::duration_cast<std::chrono::nanoseconds>(spent);
    if (next > letters_.clock.steady_now()) wait_until(*options_.timers, next, options_.stop);
  }

  struct Claimed {
    LetterId id;
    std::shared_ptr<QueueHandler> handler;
    DeadLetter letter;
  };

  letters::LetterDesk& letters_;
  const std::uint64_t number_;
  const RedriveOptions& options_;
  const SteadyTime began_;
  std::uint64_t attempts_ = 0;
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
    auto search = letters::LetterSearch::make(unit, filter);
    if (!search) return std::move(search).error();
    std::vector<std::string> queues;
    auto read = unit.each(
        "SELECT DISTINCT q.name FROM dead_letter_cause c JOIN dead_letter_queue q ON q.number = c.queue "
        "WHERE c.parked > 0 AND ($1 IS NULL OR q.name = $1) ORDER BY q.name",
        {filter.queue}, [&](const Row& row) { queues.push_back(row.get<std::string>(0)); });
    if (!read) return std::move(read).error();
    for (const std::string& queue : queues) {
      if (impl_->handler_of(queue)) continue;
      return Error{Errc::not_found, fmt::format("redrive: queue {} has no handler", queue)};
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
