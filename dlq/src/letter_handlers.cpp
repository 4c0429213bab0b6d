#include <fmt/format.h>

#include "letter_desk.hpp"
#include "letter_limits.hpp"

namespace cairn {

using letters::QueueHandler;

Result<void> letters::LetterDesk::add_handler(const std::string& queue, const std::shared_ptr<QueueHandler>& handler) {
  if (auto good = letters::check_queue(queue); !good) return good;
  if (!handler->in_unit && !handler->outside) {
    return Error{Errc::invalid, fmt::format("handler of dead letter queue {}: no function", queue)};
  }
  const bool automatic = handler->automatic.has_value();
  {
    const std::lock_guard lock{handlers_mutex};
    if (!handlers.try_emplace(queue, handler).second) {
      return Error{Errc::already_exists, fmt::format("dead letter queue {} has a handler", queue)};
    }
  }
  if (automatic) commits.due_changed();
  return {};
}

std::shared_ptr<QueueHandler> letters::LetterDesk::handler_of(std::string_view queue) const {
  const std::lock_guard lock{handlers_mutex};
  const auto found = handlers.find(queue);
  return found == handlers.end() ? nullptr : found->second;
}

std::optional<Timestamp> letters::LetterDesk::due_after(std::string_view queue, std::uint32_t attempts,
                                                        const Error& error) {
  const auto handler = handler_of(queue);
  if (!handler || !handler->automatic) return std::nullopt;
  const auto delay = handler->automatic->retry.next_delay(Attempt{std::max(attempts, 1U)}, error, random);
  if (!delay) return std::nullopt;
  commits.note(What::due, queue);
  return clock.now() + *delay;
}

Result<void> letters::LetterDesk::wake_next(Unit& unit, const Head& closed) {
  if (closed.key.empty()) return {};
  auto next = letters::oldest_open(unit, closed.queue, closed.key);
  if (!next) return std::move(next).error();
  // One that is older was not held back by this one.
  if (!*next || **next < closed.id) return {};
  // Whether there is a policy, and what it says, is asked when the letter's turn comes.
  auto woken = unit.exec("UPDATE dead_letter SET due_at = $2 WHERE id = $1 AND state = $3 AND due_at IS NULL",
                         {(*next)->value, letters::to_sql(clock.now()), static_cast<int>(LetterState::parked)});
  if (!woken) return std::move(woken).error();
  commits.note(What::due, closed.queue_name);
  return {};
}

std::vector<std::string> letters::LetterDesk::automatic_queues() const {
  const std::lock_guard lock{handlers_mutex};
  std::vector<std::string> queues;
  for (const auto& [queue, handler] : handlers) {
    if (handler->automatic) queues.push_back(queue);
  }
  return queues;
}

Result<void> DeadLetters::set_handler(const std::string& queue, LetterHandler handler,
                                      const std::optional<RedrivePolicy>& automatic) {
  auto made = std::make_shared<QueueHandler>();
  made->in_unit = std::move(handler);
  made->automatic = automatic;
  return impl_->add_handler(queue, made);
}

Result<void> DeadLetters::set_outside_handler(const std::string& queue, OutsideLetterHandler handler,
                                              const std::optional<RedrivePolicy>& automatic) {
  auto made = std::make_shared<QueueHandler>();
  made->outside = std::move(handler);
  made->automatic = automatic;
  return impl_->add_handler(queue, made);
}

void DeadLetters::remove_handler(std::string_view queue) {
  std::shared_ptr<QueueHandler> removed;
  {
    const std::lock_guard lock{impl_->handlers_mutex};
    const auto found = impl_->handlers.find(queue);
    if (found == impl_->handlers.end()) return;
    removed = std::move(found->second);
    impl_->handlers.erase(found);
  }
  const std::unique_lock waited{removed->running};
  removed->removed = true;
}

}  // namespace cairn
