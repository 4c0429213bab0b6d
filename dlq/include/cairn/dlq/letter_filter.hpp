#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/error.hpp>
#include <cairn/dlq/dead_letter.hpp>
#include <cairn/eventstore/read_options.hpp>

namespace cairn {

/// Which letters; all parts must hold. Queue, key, state, error and cause are served by indexes; the time by the order
/// of ids; the text by looking at what the rest lets through.
struct LetterFilter {
  std::optional<std::string> queue{};
  std::optional<std::string> key{};  ///< needs `queue`; not empty
  std::optional<LetterState> state{};
  std::optional<Errc> error{};
  std::optional<std::uint64_t> cause{};    ///< number of a LetterCause
  std::optional<Timestamp> parked_from{};  ///< [parked_from, parked_to)
  std::optional<Timestamp> parked_to{};
  /// Part of the key, source, type or error message; ASCII letters in either case.
  std::optional<std::string> text{};
  friend bool operator==(const LetterFilter&, const LetterFilter&) = default;
};

struct ListLetters {
  LetterFilter filter{};
  Direction direction = Direction::backward;  ///< the newest first
  std::optional<LetterId> after{};            ///< LetterPage::next of the page before
  std::size_t letters_max = 100;              ///< 1 to 1,000
  /// Letters a page looks at for a text; it then ends, perhaps empty, with a place to go on.
  std::size_t looked_at_max = 10'000;
};

struct LetterPage {
  std::vector<LetterSummary> letters;
  std::optional<LetterId> next;  ///< where the next page goes on; nothing: this was the last
};

/// Letters of one queue that failed alike: their error's class, and its message with numbers, ids and quoted text left
/// out. A queue has at most 200; what comes then is counted under its class alone.
struct LetterCause {
  std::uint64_t number = 0;
  std::string queue;
  std::optional<Errc> error;  ///< nothing: they wait behind others
  std::string text;
  std::uint64_t parked = 0;
  std::uint64_t retrying = 0;
  std::uint64_t resolved = 0;
  std::uint64_t dropped = 0;
};

/// How a queue stands.
struct QueueSummary {
  std::string queue;
  std::uint64_t parked = 0;
  std::uint64_t retrying = 0;
  std::uint64_t resolved = 0;
  std::uint64_t dropped = 0;
  std::optional<LetterId> oldest{};  ///< that is parked or being retried
  std::optional<Timestamp> oldest_parked_at{};
  std::uint64_t parked_last_hour = 0;  ///< letters that came, whatever became of them
};

}  // namespace cairn
