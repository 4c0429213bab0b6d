#include <algorithm>

#include <fmt/format.h>

#include "letter_desk.hpp"

namespace cairn {

using letters::LetterDesk;

namespace {

/// The letter of a queue that has been due the longest.
Result<std::optional<LetterId>> first_due(SqlReader& reader, std::string_view queue, Timestamp now) {
  auto row = reader.first<std::uint64_t>(
      "SELECT id FROM dead_letter WHERE queue = (SELECT number FROM dead_letter_queue WHERE name = $1) "
      "AND due_at <= $2 ORDER BY due_at, id LIMIT 1",
      {queue, letters::to_sql(now)});
  if (!row) return std::move(row).error();
  return *row ? std::optional{LetterId{**row}} : std::nullopt;
}

/// One letter that is due, of one queue.
class DueAttempt {
 public:
  DueAttempt(LetterDesk& letters, std::string queue) : letters_{letters}, queue_{std::move(queue)} {}

  /// False when none is due.
  Result<bool> run(RedriveProgress& progress) {
    auto begun = letters_.database.write([&](Unit& unit) { return begin(unit); });
    if (!begun) letters_.forget_claim(claimed_, begun.error());
    if (!begun || !*begun) return begun;
    if (claimed_) {
      const LetterId id = claimed_->letter.id;
      const auto ended = letters_.call_outside(*handler_, claimed_->letter);
      auto settled = letters_.database.write(
          [&](Unit& unit) { return letters_.settle_claim(unit, id, claimed_->attempt, ended); });
      if (!settled) {
        letters_.keep_unsettled(id, claimed_->attempt, ended);
        return std::move(settled).error();
      }
      how_ = ended.error ? &RedriveProgress::failed : &RedriveProgress::resolved;
    }
    ++(progress.*how_);
    return true;
  }

 private:
  Result<bool> begin(Unit& unit) {
    claimed_.reset();
    handler_ = letters_.handler_of(queue_);
    if (!handler_ || !handler_->automatic) return false;
    auto id = first_due(unit, queue_, letters_.clock.now());
    if (!id) return std::move(id).error();
    if (!*id) return false;
    auto head = letters::read_head(unit, **id);
    if (!head) return std::move(head).error();
    auto obstacle = letters_.obstacle(unit, *head);
    if (!obstacle) return std::move(obstacle).error();
    if (*obstacle) return pass_by(unit, head->id);  // what is before it gives it a time when it is closed
    auto summary = letters::read_summary(unit, head->id);
    if (!summary) return std::move(summary).error();
    if (!policy_tries(*summary)) return pass_by(unit, head->id);
    const std::string worker = "automatic";
    if (handler_->outside) {
      auto claim = letters_.claim(unit, *head, worker);
      if (!claim) return std::move(claim).error();
      claimed_ = std::move(*claim);
      return true;
    }
    auto failed = letters_.try_in_unit(unit, *head, *handler_, worker);
    if (!failed && failed.error().code() == Errc::corrupt) return pass_by(unit, head->id);
    if (!failed) return std::move(failed).error();
    how_ = *failed ? &RedriveProgress::failed : &RedriveProgress::resolved;
    return true;
  }

  Result<bool> pass_by(Unit& unit, LetterId id) {
    how_ = &RedriveProgress::waiting;
    auto cleared = unit.exec("UPDATE dead_letter SET due_at = NULL WHERE id = $1", {id.value});
    if (!cleared) return std::move(cleared).error();
    return true;
  }

  /// One that only waited has not been tried; for the others what is due may have been so for other reasons than
  /// theirs.
  [[nodiscard]] bool policy_tries(const LetterSummary& letter) const {
    if (letter.attempts == 0 || !letter.error) return true;
    const RetryPolicy& retry = handler_->automatic->retry;
    return letter.attempts < retry.max_attempts && retry.decision(*letter.error) == RetryDecision::retry;
  }

  LetterDesk& letters_;
  const std::string queue_;
  std::shared_ptr<letters::QueueHandler> handler_;
  std::optional<LetterDesk::Claim> claimed_;
  std::uint64_t RedriveProgress::*how_ = &RedriveProgress::failed;
};

}  // namespace

Result<RedriveProgress> DeadLetters::redrive_due(std::size_t letters_max, std::stop_token stop) {
  if (auto settled = impl_->settle_leftovers(); !settled) return std::move(settled).error();
  RedriveProgress progress;
  std::vector<std::string> queues = impl_->automatic_queues();
  // In turn, over the calls too, so that queues with many letters do not keep the others waiting.
  {
    const std::lock_guard lock{impl_->turn_mutex};
    std::ranges::rotate(queues, std::ranges::upper_bound(queues, impl_->last_turn));
  }
  std::size_t tried = 0;
  while (!queues.empty()) {
    for (auto queue = queues.begin(); queue != queues.end();) {
      if (tried == letters_max) return progress;
      if (stop.stop_requested()) return Error{Errc::cancelled, "redrive what is due: stopped"};
      {
        const std::lock_guard lock{impl_->turn_mutex};
        impl_->last_turn = *queue;
      }
      auto any = DueAttempt{*impl_, *queue}.run(progress);
      if (!any) return std::move(any).error();
      tried += *any ? 1 : 0;
      queue = *any ? queue + 1 : queues.erase(queue);
    }
  }
  progress.done = true;
  return progress;
}

Result<std::optional<Timestamp>> DeadLetters::next_due() const {
  auto reader = impl_->database.read();
  if (!reader) return std::move(reader).error();
  std::optional<Timestamp> next;
  for (const std::string& queue : impl_->automatic_queues()) {
    auto row = reader->first<std::int64_t>(
        "SELECT due_at FROM dead_letter WHERE queue = (SELECT number FROM dead_letter_queue WHERE name = $1) "
        "AND due_at IS NOT NULL ORDER BY due_at LIMIT 1",
        {queue});
    if (!row) return std::move(row).error();
    if (*row && (!next || letters::timestamp_from(**row) < *next)) next = letters::timestamp_from(**row);
  }
  return next;
}

}  // namespace cairn
