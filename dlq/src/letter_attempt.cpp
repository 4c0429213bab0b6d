#include <fmt/format.h>

#include <cairn/core/call_user.hpp>

#include "letter_desk.hpp"
#include "letter_limits.hpp"

namespace cairn {

using letters::QueueHandler;

namespace {

std::chrono::microseconds since(const Clock& clock, SteadyTime began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.steady_now() - began);
}

Error handler_removed(std::string_view queue) {
  return Error{Errc::cancelled, fmt::format("the handler of dead letter queue {} was removed", queue)};
}

/// What is kept of an attempt whose claim may be stored although its write failed.
letters::LetterDesk::Ended not_begun() {
  return {.error = Error{Errc::outcome_unknown, "it is not known whether this attempt was recorded; it did not begin"}};
}

}  // namespace

Result<std::optional<Error>> letters::LetterDesk::obstacle(Unit& unit, const Head& head) {
  if (head.state != LetterState::parked) {
    return std::optional{
        Error{Errc::conflict, fmt::format("redrive dead letter {}: it is {}", head.id.value, to_string(head.state))}};
  }
  if (head.key.empty()) return std::optional<Error>{};
  auto older = letters::oldest_open(unit, head.queue, head.key, head.id);
  if (!older) return std::move(older).error();
  if (!*older) return std::optional<Error>{};
  return std::optional{Error{
      Errc::conflict,
      fmt::format("redrive dead letter {}: letter {} of the same key comes before it", head.id.value, (*older)->value)}
                           .with("behind", (*older)->value)};
}

Result<std::optional<Error>> letters::LetterDesk::try_in_unit(Unit& unit, Head& head, QueueHandler& handler,
                                                              std::string_view worker) {
  auto letter = letters::read_letter(unit, head.id);
  if (!letter) return std::move(letter).error();
  LetterAttempt attempt{.started_at = clock.now(), .worker = std::string{worker}};
  const SteadyTime began = clock.steady_now();
  {
    const std::shared_lock running{handler.running};
    if (handler.removed) return handler_removed(head.queue_name);
    auto done = unit.nested([&] { return handler.in_unit(unit, *letter); });
    if (!done) attempt.error = std::move(done).error();
  }
  attempt.took = since(clock, began);
  // The handler may have parked or resolved the letter itself.
  auto now_is = letters::read_head(unit, head.id);
  if (!now_is) return std::move(now_is).error();
  head = std::move(*now_is);
  if (!head.is_open()) return std::optional<Error>{};
  if (auto added = letters::add_attempt(unit, head, attempt); !added) return std::move(added).error();
  letters::LetterChange becomes{.now = clock.now()};
  if (attempt.error) {
    becomes.error = attempt.error;
    becomes.due_at = due_after(head.queue_name, head.attempts, *attempt.error);
  } else {
    becomes.state = LetterState::resolved;
  }
  if (auto changed = letters::change(unit, head, becomes); !changed) return std::move(changed).error();
  if (attempt.error) return attempt.error;
  commits.note(What::resolved, head.queue_name);
  if (auto woken = wake_next(unit, head); !woken) return std::move(woken).error();
  return std::optional<Error>{};
}

Result<letters::LetterDesk::Claim> letters::LetterDesk::claim(Unit& unit, Head& head, std::string_view worker) {
  auto letter = letters::read_letter(unit, head.id);
  if (!letter) return std::move(letter).error();
  const Timestamp now = clock.now();
  if (auto begun = letters::begin_attempt(unit, head, now, worker); !begun) return std::move(begun).error();
  auto changed = letters::change(unit, head, {.state = LetterState::retrying, .now = now});
  if (!changed) return std::move(changed).error();
  return Claim{.letter = std::move(*letter), .attempt = head.attempts};
}

letters::LetterDesk::Ended letters::LetterDesk::call_outside(QueueHandler& handler, const DeadLetter& letter) {
  const SteadyTime began = clock.steady_now();
  const std::shared_lock running{handler.running};
  if (handler.removed) return {.error = handler_removed(letter.queue)};
  auto done = call_user("redrive", handler.outside, letter);
  Ended ended{.took = since(clock, began)};
  if (!done) ended.error = std::move(done).error();
  return ended;
}

Result<void> letters::LetterDesk::settle_claim(Unit& unit, LetterId id, std::uint32_t attempt, const Ended& ended) {
  auto open = letters::attempt_under_way(unit, id);
  if (!open) return std::move(open).error();
  auto head = letters::read_head(unit, id);
  if (!head) return std::move(head).error();
  if (*open != attempt || head->state != LetterState::retrying) return {};
  if (auto noted = letters::end_attempt(unit, id, attempt, ended.took, ended.error); !noted) return noted;
  letters::LetterChange becomes{.now = clock.now()};
  if (ended.error) {
    becomes.error = ended.error;
    becomes.due_at = due_after(head->queue_name, head->attempts, *ended.error);
    return letters::change(unit, *head, becomes);
  }
  becomes.state = LetterState::resolved;
  if (auto changed = letters::change(unit, *head, becomes); !changed) return changed;
  commits.note(What::resolved, head->queue_name);
  return wake_next(unit, *head);
}

void letters::LetterDesk::forget_claim(const std::optional<Claim>& claim, const Error& error) {
  if (claim && error.code() == Errc::outcome_unknown) keep_unsettled(claim->letter.id, claim->attempt, not_begun());
}

void letters::LetterDesk::keep_unsettled(LetterId id, std::uint32_t attempt, const Ended& ended) {
  const std::lock_guard lock{unsettled_mutex};
  unsettled.push_back({id, attempt, ended});
}

Result<void> letters::LetterDesk::settle_leftovers() {
  std::vector<Unsettled> left;
  {
    const std::lock_guard lock{unsettled_mutex};
    left.swap(unsettled);
  }
  Result<void> outcome;
  for (const Unsettled& one : left) {
    auto settled = database.write([&](Unit& unit) { return settle_claim(unit, one.id, one.attempt, one.ended); });
    if (settled || settled.error().code() == Errc::not_found) continue;
    keep_unsettled(one.id, one.attempt, one.ended);
    outcome = std::move(settled);
  }
  return outcome;
}

Result<void> DeadLetters::redrive(LetterId id, std::string_view worker) {
  if (auto good = letters::check_author("redrive: the worker", worker); !good) return good;
  if (auto settled = impl_->settle_leftovers(); !settled) return settled;
  std::shared_ptr<QueueHandler> handler;
  std::optional<Error> failed;
  std::optional<letters::LetterDesk::Claim> claimed;
  auto tried = impl_->database.write([&](Unit& unit) -> Result<void> {
    claimed.reset();
    failed.reset();
    auto head = letters::read_head(unit, id);
    if (!head) return std::move(head).error();
    handler = impl_->handler_of(head->queue_name);
    if (!handler) {
      return Error{Errc::not_found,
                   fmt::format("redrive dead letter {}: queue {} has no handler", id.value, head->queue_name)};
    }
    auto obstacle = impl_->obstacle(unit, *head);
    if (!obstacle) return std::move(obstacle).error();
    if (*obstacle) return std::move(**obstacle);
    if (handler->outside) {
      auto claim = impl_->claim(unit, *head, worker);
      if (!claim) return std::move(claim).error();
      claimed = std::move(*claim);
      return {};
    }
    auto error = impl_->try_in_unit(unit, *head, *handler, worker);
    if (!error) return std::move(error).error();
    failed = std::move(*error);
    return {};
  });
  if (!tried) {
    impl_->forget_claim(claimed, tried.error());
    return tried;
  }
  if (claimed) {
    const letters::LetterDesk::Ended ended = impl_->call_outside(*handler, claimed->letter);
    auto settled =
        impl_->database.write([&](Unit& unit) { return impl_->settle_claim(unit, id, claimed->attempt, ended); });
    if (!settled) {
      impl_->keep_unsettled(id, claimed->attempt, ended);
      return settled;
    }
    failed = ended.error;
  }
  if (failed) return std::move(*failed);
  return {};
}

}  // namespace cairn
