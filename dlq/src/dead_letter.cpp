#include <cairn/dlq/dead_letter.hpp>

#include <fmt/format.h>

#include <cairn/eventstore/recorded_event.hpp>

namespace cairn {

namespace {

/// The space of ids of input lines: the version 5 id of "cairn:dead-letter-input" in the URL space of RFC 9562.
const Uuid& input_space() {
  static const Uuid space =
      Uuid::from_name(Uuid::parse("6ba7b811-9dad-11d1-80b4-00c04fd430c8").value(), "cairn:dead-letter-input");
  return space;
}

}  // namespace

std::string_view to_string(LetterState state) noexcept {
  switch (state) {
    case LetterState::parked: return "parked";
    case LetterState::retrying: return "retrying";
    case LetterState::resolved: return "resolved";
    case LetterState::dropped: return "dropped";
  }
  return "unlisted";
}

NewDeadLetter NewDeadLetter::of_event(std::string queue, const RecordedEvent& event) {
  return {
      .queue = std::move(queue),
      .key = std::string{event.stream},
      .source = fmt::format("{} revision {}, position {}", event.stream, event.revision.value, event.position.value),
      .item = event.id,
      .type = std::string{event.type},
      .schema_version = event.schema_version,
      .content_type = event.content_type,
      .payload = {event.data.begin(), event.data.end()},
      .metadata = event.metadata.to_owned(),
      .event = EventPlace{.stream = std::string{event.stream},
                          .revision = event.revision,
                          .position = event.position,
                          .recorded_at = event.recorded_at}};
}

NewDeadLetter NewDeadLetter::of_input(std::string queue, std::string source, std::string_view line) {
  // The length keeps apart what only together reads the same.
  const Uuid item = Uuid::from_name(input_space(), fmt::format("{}:{}{}", source.size(), source, line));
  return {.queue = std::move(queue),
          .source = std::move(source),
          .item = item,
          .type = "input.line",
          .content_type = ContentType::binary,
          .payload = to_bytes(line)};
}

}  // namespace cairn
