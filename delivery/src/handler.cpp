#include "handler.hpp"

#include <cairn/core/call_user.hpp>
#include <cairn/core/name.hpp>

namespace cairn::delivery {

HandlerRow Handler::row_at_rest() const {
  HandlerRow rest = row;
  rest.position = position;
  rest.suspects = suspects_left;
  if (announced && !failing) --rest.attempts;
  return rest;
}

Result<std::string> Handler::key_of(const RecordedEvent& event) const {
  if (!options.key) return std::string{event.stream};
  auto key = call_user(name, options.key, event);
  if (!key || key->empty()) return key;
  if (auto good = check_name("the key", *key); !good) return std::move(good).error();
  return key;
}

NewDeadLetter Handler::letter_of(const RecordedEvent& event) const {
  NewDeadLetter letter = NewDeadLetter::of_event(name, event);
  if (auto key = key_of(event)) letter.key = *std::move(key);
  return letter;
}

}  // namespace cairn::delivery
