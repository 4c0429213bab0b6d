#include <fmt/format.h>

#include <cairn/core/call_user.hpp>

#include "letter_desk.hpp"

namespace cairn {

using letters::QueueHandler;

namespace {

std::chrono::microseconds since(const Clock& clock, SteadyTime began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.steady_now() - began);
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
    auto done = unit.nested([&] { return handler.in_unit(unit, *letter); });
    if (!done) attempt.error = std::move(done).error();
  }
  attempt.took = since(clock, began);
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
  Claim claim{.letter = std::move(*letter), .started_at = clock.now()};
  if (auto begun = letters::begin_attempt(unit, head, claim.started_at, worker); !begun) {
    return std::move(begun).error();
  }
  auto changed = letters::change(unit, head, {.state = LetterState::retrying, .now = claim.started_at});
  if (!changed) return std::move(changed).error();
  return claim;
}

letters::LetterDesk::Ended letters::LetterDesk::call_outside(QueueHandler& handler, const DeadLetter& letter) {
  const SteadyTime began = clock.steady_now();
  const std::shared_lock running{handler.running};
  auto done = call_user("redrive", handler.outside, letter);
  Ended ended{.took = since(clock, began)};
  if (!done) ended.error = std::move(done).error();
  return ended;
}

Result<void> letters::LetterDesk::settle_claim(Unit& unit, LetterId id, const Ended& ended) {
  auto head = letters::read_head(unit, id);
  if (!head) return std::move(head).error();
  if (auto noted = letters::end_attempt(unit, *head, ended.took, ended.error); !noted) return noted;
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

Result<void> DeadLetters::redrive(LetterId id, std::string_view worker) {
  std::shared_ptr<QueueHandler> handler;
  std::optional<Error> failed;
  std::optional<letters::LetterDesk::Claim> claimed;
  auto tried = impl_->database.write([&](Unit& unit) -> Result<void> {
    claimed.reset();
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
  if (!tried) return tried;
  if (claimed) {
    const letters::LetterDesk::Ended ended = impl_->call_outside(*handler, claimed->letter);
    auto settled = impl_->database.write([&](Unit& unit) { return impl_->settle_claim(unit, id, ended); });
    if (!settled) return settled;
    failed = ended.error;
  }
  if (failed) return std::move(*failed);
  return {};
}

}  // namespace cairn
