#include <cairn/dlq/letter_event.hpp>

#include <fmt/format.h>

#include <cairn/eventstore/metadata_bytes.hpp>

namespace cairn {

Result<LetterEvent> LetterEvent::of(const DeadLetter& letter) {
  if (!letter.event) {
    return Error{Errc::invalid,
                 fmt::format("dead letter {} of {}: its item is no stored event", letter.id.value, letter.queue)};
  }
  auto metadata = encode(letter.metadata);
  if (!metadata) return std::move(metadata).error();
  return LetterEvent{letter, *std::move(metadata)};
}

RecordedEvent LetterEvent::event() const noexcept {
  return {.position = letter_->event->position,
          .stream = letter_->event->stream,
          .revision = letter_->event->revision,
          .id = letter_->item,
          .type = letter_->type,
          .schema_version = letter_->schema_version,
          .content_type = letter_->content_type,
          .recorded_at = letter_->event->recorded_at,
          .data = letter_->payload,
          .metadata = MetadataView{metadata_}};
}

}  // namespace cairn
