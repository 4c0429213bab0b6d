#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/error.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/metadata.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

struct RecordedEvent;

/// Number of a dead letter: from 1, in the order of parking over all queues, never used again.
struct LetterId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(LetterId, LetterId) = default;
};

/// Stored as its number: the values never change meaning.
enum class LetterState : std::uint8_t {
  parked = 2,    ///< waits for a redrive
  retrying = 3,  ///< an attempt outside the store is under way
  resolved = 4,  ///< succeeded in the end; kept for a while
  dropped = 5,   ///< given up by somebody; kept for a while
};
inline constexpr LetterState letter_states[] = {LetterState::parked, LetterState::retrying, LetterState::resolved,
                                                LetterState::dropped};

/// "parked", "retrying", "resolved", "dropped".
[[nodiscard]] std::string_view to_string(LetterState state) noexcept;

/// One try at an item, before or after it was parked.
struct LetterAttempt {
  Timestamp started_at{};
  std::chrono::microseconds took{};
  std::string worker{};          ///< who tried, for example "projection:balances" or an operator's name
  std::optional<Error> error{};  ///< its class and message (numbers are not kept); nothing: it succeeded
  friend bool operator==(const LetterAttempt&, const LetterAttempt&) = default;
};

/// Which stored event an item is.
struct EventPlace {
  std::string stream{};
  Revision revision{};
  GlobalPosition position{};
  Timestamp recorded_at{};
  friend bool operator==(const EventPlace&, const EventPlace&) = default;
};

/// What somebody wrote on a letter, or the library when it was edited, dropped or reopened.
struct LetterNote {
  Timestamp written_at{};
  std::string author{};
  std::string text{};
  friend bool operator==(const LetterNote&, const LetterNote&) = default;
};

/// An item that failed, before it is parked: an event in a projection, a command, a task's input, a row of a file.
struct NewDeadLetter {
  /// Whose failure this is, 1 to 255 bytes of UTF-8: one queue for each handler, which is who tries again.
  std::string queue{};
  /// Letters of one queue and key are tried in the order they were parked, and what comes later waits behind them:
  /// usually the stream. At most 255 bytes. Empty: no order to keep.
  std::string key{};
  /// Where the item came from, for people: "account-42 revision 7", "bookings.csv:117". At most 1,024 bytes.
  std::string source{};
  /// The item itself; parked twice in a queue it is one letter. Never nil: an event's id, or Uuid::from_name.
  Uuid item{};
  std::string type{};  ///< of the payload, at most 255 bytes: an event's type, "bookings.row"
  std::uint32_t schema_version = 1;
  ContentType content_type = ContentType::json;
  Bytes payload{};  ///< at most 16 MiB
  Metadata metadata{};
  std::optional<EventPlace> event{};  ///< of an item that is a stored event
  /// All so far, the oldest first; the last one's error is why it is parked. Empty: one attempt, now.
  std::vector<LetterAttempt> attempts{};

  /// A stored event as an item of `queue`, in the order of its stream.
  [[nodiscard]] static NewDeadLetter of_event(std::string queue, const RecordedEvent& event);
  /// A line of input that could not be read: item and source follow from both arguments, so importing the same input
  /// again parks it once. Without order. `source` names the line.
  [[nodiscard]] static NewDeadLetter of_input(std::string queue, std::string source, std::string_view line);
};

/// What a list shows of a letter.
struct LetterSummary {
  LetterId id{};
  std::string queue{};
  std::string key{};
  std::string source{};
  Uuid item{};
  std::string type{};
  std::uint32_t schema_version = 1;
  ContentType content_type = ContentType::json;
  LetterState state = LetterState::parked;
  /// Of the last failed attempt; nothing for a letter that only waits behind another of its key.
  std::optional<Error> error{};
  std::uint64_t cause = 0;  ///< number of its LetterCause
  std::uint32_t attempts = 0;
  Timestamp parked_at{};              ///< never decreases with the id
  Timestamp changed_at{};             ///< when its state, payload or attempts last changed
  std::optional<Timestamp> due_at{};  ///< when the queue's policy tries it again
  std::uint64_t payload_bytes = 0;
};

/// A letter with everything in it.
struct DeadLetter : LetterSummary {
  Bytes payload{};
  Metadata metadata{};
  std::optional<EventPlace> event{};
  std::optional<Bytes> original{};  ///< the payload as it was parked, when it has been edited
  std::vector<LetterAttempt> history{};
  std::vector<LetterNote> notes{};
};

/// The payload as a `T` (Codec<T>). Errors: those of decoding an event.
template <class T>
[[nodiscard]] Result<T> decode(const DeadLetter& letter) {
  return Codec<T>::decode(letter.type, letter.schema_version, letter.content_type, letter.payload);
}

}  // namespace cairn
