#pragma once

#include <utility>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/dlq/dead_letter.hpp>
#include <cairn/eventstore/recorded_event.hpp>

namespace cairn {

/// A letter's event as a handler of events is given it: at its place in the log, with the payload that the letter has
/// now, which somebody may have corrected. The letter must outlive it.
class LetterEvent final {
 public:
  /// Errors: invalid (the letter's item is no stored event; names it).
  [[nodiscard]] static Result<LetterEvent> of(const DeadLetter& letter);

  [[nodiscard]] RecordedEvent event() const noexcept;

 private:
  LetterEvent(const DeadLetter& letter, Bytes metadata) noexcept : letter_{&letter}, metadata_{std::move(metadata)} {}

  const DeadLetter* letter_;
  Bytes metadata_;
};

}  // namespace cairn
