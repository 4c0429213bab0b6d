#include "handler.hpp"

#include <algorithm>

#include <cairn/core/call_user.hpp>
#include <cairn/core/name.hpp>

namespace cairn::delivery {

void Handler::adopt(const HandlerRow& stored) {
  const bool same_event = stored.attempt_position == row.attempt_position;
  const std::uint32_t known = same_event ? row.attempts : 0;
  if (!same_event || stored.attempts != known) announced = stored.attempts > known;
  if (stored.position > position && suspects_left > 0) --suspects_left;
  position = std::max(position, stored.position);
  if (failing && failing->at <= position) failing.reset();
  row = stored;
}

HandlerRow Handler::row_at_work(std::uint64_t step_events_max) const {
  HandlerRow work = row;
  if (!work.paused && work.suspects == 0) work.suspects = step_events_max;
  return work;
}

HandlerRow Handler::row_at_rest() const {
  HandlerRow rest = row;
  rest.position = position;
  rest.suspects = suspects_left;
  if (announced) --rest.attempts;
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
