#include "letter_limits.hpp"

#include <cstddef>

#include <fmt/format.h>

#include <cairn/core/name.hpp>
#include <cairn/core/utf8.hpp>
#include <cairn/eventstore/new_event.hpp>

namespace cairn::letters {

namespace {

constexpr std::size_t source_bytes_max = 1'024;
constexpr std::size_t note_bytes_max = 16'384;
constexpr std::size_t attempts_max = 100;

Result<void> check_text(std::string_view what, std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Error{Errc::invalid, fmt::format("{} has {} bytes, at most {}", what, text.size(), bytes_max)};
  }
  if (const auto at = find_invalid_utf8(text)) {
    return Error{Errc::invalid, fmt::format("{} is not UTF-8 at byte {}", what, *at)};
  }
  return {};
}

/// The bounds of an event's metadata, without which it would not come back as it was.
Result<void> check_metadata(std::string_view what, const Metadata& metadata) {
  if (metadata.tags.size() > event_tags_max || metadata.headers.size() > event_headers_max) {
    return Error{Errc::invalid, fmt::format("{}: {} tags and {} headers, at most {} and {}", what, metadata.tags.size(),
                                            metadata.headers.size(), event_tags_max, event_headers_max)};
  }
  for (const std::string& tag : metadata.tags) {
    if (auto good = check_name(fmt::format("{}: a tag", what), tag); !good) return good;
  }
  for (const auto& [name, value] : metadata.headers) {
    if (auto good = check_name(fmt::format("{}: the name of a header", what), name); !good) return good;
    if (auto good = check_text(fmt::format("{}: header {}", what, name), value, event_metadata_bytes_max); !good) {
      return good;
    }
  }
  return {};
}

}  // namespace

Result<void> check(const NewDeadLetter& letter) {
  if (auto good = check_queue(letter.queue); !good) return good;
  const std::string what = fmt::format("park in {}", letter.queue);
  if (!letter.key.empty()) {
    if (auto good = check_name(what + ": the key", letter.key); !good) return good;
  }
  if (auto good = check_text(what + ": the source", letter.source, source_bytes_max); !good) return good;
  if (auto good = check_name(what + ": the type", letter.type); !good) return good;
  if (letter.event) {
    if (auto good = check_name(what + ": the event's stream", letter.event->stream); !good) return good;
  }
  if (letter.item.is_nil()) return Error{Errc::invalid, fmt::format("{}: the item's id is nil", what)};
  if (letter.attempts.size() > attempts_max) {
    return Error{Errc::invalid, fmt::format("{}: {} attempts, at most {}", what, letter.attempts.size(), attempts_max)};
  }
  for (const LetterAttempt& attempt : letter.attempts) {
    if (auto good = check_name(what + ": the worker of an attempt", attempt.worker); !good) return good;
  }
  if (auto good = check_metadata(what, letter.metadata); !good) return good;
  return check_payload(what, letter.payload);
}

Result<void> check_queue(std::string_view queue) { return check_name("the name of a dead letter queue", queue); }

Result<void> check_author(std::string_view what, std::string_view author) {
  return check_name(fmt::format("{}: the author", what), author);
}

Result<void> check_note(std::string_view what, std::string_view text) {
  if (text.empty()) return Error{Errc::invalid, fmt::format("{}: the text is empty", what)};
  return check_text(fmt::format("{}: the text", what), text, note_bytes_max);
}

Result<void> check_payload(std::string_view what, BytesView payload) {
  if (payload.size() <= event_data_bytes_max) return {};
  return Error{Errc::invalid,
               fmt::format("{}: the payload has {} bytes, at most {}", what, payload.size(), event_data_bytes_max)};
}

}  // namespace cairn::letters
