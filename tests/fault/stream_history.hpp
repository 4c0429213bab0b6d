#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/expected_revision.hpp>

namespace cairn::test {

/// One call on one stream and its answer, as the client saw them. `called` and `answered` are ticks of one clock that
/// all clients share and that ticks at every call and every answer.
struct StreamCall {
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  enum class Answer : unsigned char {
    stored,    ///< append: `events` stand from `revision` on
    repeated,  ///< append: they stood there before
    conflict,  ///< append: refused; `revision` is the actual one, if the stream exists
    unknown,   ///< append: it may have happened at any time after the call, or not at all
    events,    ///< read: `events` are the whole stream
    head,      ///< question for the last revision: `revision`, if the stream exists
  };

  std::uint64_t called = 0;
  std::uint64_t answered = never;
  Answer answer = Answer::unknown;
  ExpectedRevision expected = ExpectedRevision::any();
  std::vector<Uuid> events{};
  std::optional<std::uint64_t> revision{};
};

/// Whether there is one order of all calls on a stream that agrees with real time (a call that was answered before
/// another was made comes before it) and in which a stream that does one thing at a time gives these answers.
/// Herlihy and Wing, "Linearizability" (1990), decided by the search of Wing and Gong, "Testing and Verifying
/// Concurrent Objects" (1993), which remembers what it tried as Lowe does, "Testing for linearizability" (2017).
/// Streams are judged one by one, since a history is linearizable when its part on each object is (Herlihy and Wing,
/// theorem 1). At most 64 calls; exponential in how many overlap.
[[nodiscard]] bool is_linearizable(std::span<const StreamCall> history);

}  // namespace cairn::test
