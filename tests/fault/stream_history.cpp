#include "fault/stream_history.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <cairn/core/invariant.hpp>

namespace cairn::test {
namespace {

using Stream = std::vector<Uuid>;
using Answer = StreamCall::Answer;

bool holds(ExpectedRevision expected, std::size_t events) {
  switch (expected.kind()) {
    case ExpectedRevision::Kind::any: return true;
    case ExpectedRevision::Kind::no_stream: return events == 0;
    case ExpectedRevision::Kind::stream_exists: return events > 0;
    case ExpectedRevision::Kind::exactly: return events > 0 && expected.revision().value == events - 1;
  }
  return false;
}

std::optional<std::uint64_t> last_revision(const Stream& stream) {
  return stream.empty() ? std::nullopt : std::optional<std::uint64_t>{stream.size() - 1};
}

bool has_any(const Stream& stream, const std::vector<Uuid>& events) {
  return std::ranges::any_of(events, [&](const Uuid& id) { return std::ranges::find(stream, id) != stream.end(); });
}

bool stands_at(const Stream& stream, const std::vector<Uuid>& events, std::uint64_t revision) {
  if (revision + events.size() > stream.size()) return false;
  return std::equal(events.begin(), events.end(), stream.begin() + static_cast<std::ptrdiff_t>(revision));
}

// The stream after `call`, or nothing when a stream in this state would have answered otherwise.
std::optional<Stream> after(const Stream& stream, const StreamCall& call) {
  switch (call.answer) {
    case Answer::stored:
      if (call.revision != stream.size()) return std::nullopt;
      [[fallthrough]];
    case Answer::unknown: {
      if (!holds(call.expected, stream.size()) || has_any(stream, call.events)) return std::nullopt;
      Stream longer = stream;
      longer.insert(longer.end(), call.events.begin(), call.events.end());
      return longer;
    }
    case Answer::repeated:
      return call.revision && stands_at(stream, call.events, *call.revision) ? std::optional{stream} : std::nullopt;
    case Answer::conflict:
      return !holds(call.expected, stream.size()) && call.revision == last_revision(stream) ? std::optional{stream}
                                                                                            : std::nullopt;
    case Answer::events: return call.events == stream ? std::optional{stream} : std::nullopt;
    case Answer::head: return call.revision == last_revision(stream) ? std::optional{stream} : std::nullopt;
  }
  return std::nullopt;
}

class Search {
 public:
  explicit Search(std::span<const StreamCall> history) : history_{history} {}

  // `done` are the calls that have their place; `stream` is what they left.
  bool can_finish(std::uint64_t done, const Stream& stream) {
    std::uint64_t first_answer = StreamCall::never;
    bool all_answered = true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (has(done, i) || history_[i].answer == Answer::unknown) continue;
      all_answered = false;
      first_answer = std::min(first_answer, history_[i].answered);
    }
    if (all_answered) return true;  // what is unknown did not happen
    if (!tried_.emplace(done, stream).second) return false;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (has(done, i) || history_[i].called > first_answer) continue;
      const auto next = after(stream, history_[i]);
      if (next && can_finish(done | std::uint64_t{1} << i, *next)) return true;
    }
    return false;
  }

 private:
  static bool has(std::uint64_t done, std::size_t i) { return ((done >> i) & 1U) != 0; }

  std::span<const StreamCall> history_;
  std::set<std::pair<std::uint64_t, Stream>> tried_;
};

}  // namespace

bool is_linearizable(std::span<const StreamCall> history) {
  invariant(history.size() <= 64, "a history of at most 64 calls");
  return Search{history}.can_finish(0, {});
}

}  // namespace cairn::test
