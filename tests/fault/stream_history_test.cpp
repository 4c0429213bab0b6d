#include "fault/stream_history.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::event_id;
using test::is_linearizable;
using test::StreamCall;
using Answer = StreamCall::Answer;
using History = std::vector<StreamCall>;

std::vector<Uuid> ids(std::initializer_list<std::uint64_t> numbers) {
  std::vector<Uuid> made;
  for (const std::uint64_t number : numbers) made.push_back(event_id(number));
  return made;
}

const auto none = ExpectedRevision::no_stream();
const auto any = ExpectedRevision::any();
ExpectedRevision after(std::uint64_t revision) { return ExpectedRevision::exactly(revision); }

StreamCall stored(std::uint64_t called, std::uint64_t answered, ExpectedRevision expected, std::vector<Uuid> events,
                  std::uint64_t revision) {
  return {called, answered, Answer::stored, expected, std::move(events), revision};
}
StreamCall repeated(std::uint64_t called, std::uint64_t answered, ExpectedRevision expected, std::vector<Uuid> events,
                    std::uint64_t revision) {
  return {called, answered, Answer::repeated, expected, std::move(events), revision};
}
StreamCall conflict(std::uint64_t called, std::uint64_t answered, ExpectedRevision expected, std::vector<Uuid> events,
                    std::optional<std::uint64_t> actual) {
  return {called, answered, Answer::conflict, expected, std::move(events), actual};
}
StreamCall unknown(std::uint64_t called, ExpectedRevision expected, std::vector<Uuid> events) {
  return {called, StreamCall::never, Answer::unknown, expected, std::move(events), {}};
}
StreamCall read(std::uint64_t called, std::uint64_t answered, std::vector<Uuid> events) {
  return {called, answered, Answer::events, any, std::move(events), {}};
}
StreamCall head(std::uint64_t called, std::uint64_t answered, std::optional<std::uint64_t> revision) {
  return {called, answered, Answer::head, any, {}, revision};
}

struct Case {
  const char* name;
  History history;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class Linearizable : public testing::TestWithParam<Case> {};
TEST_P(Linearizable, IsAccepted) { EXPECT_TRUE(is_linearizable(GetParam().history)); }

const Case right[] = {
    {"Nothing", {}},
    {"OneAfterTheOther",
     {stored(1, 2, none, ids({1}), 0), stored(3, 4, after(0), ids({2, 3}), 1), read(5, 6, ids({1, 2, 3})),
      head(7, 8, 2)}},
    {"TheLaterCallFirst", {stored(1, 4, after(0), ids({2}), 1), stored(2, 3, none, ids({1}), 0)}},
    {"ReadDuringAnAppendSeesItOrNot", {stored(1, 6, none, ids({1}), 0), read(2, 3, {}), read(4, 5, ids({1}))}},
    {"ConflictWithAnAppendThatIsStillOnItsWay", {stored(1, 4, none, ids({1}), 0), conflict(2, 3, none, ids({2}), 0)}},
    {"ConflictOnAStreamThatDoesNotExist", {conflict(1, 2, after(3), ids({1}), std::nullopt), head(3, 4, std::nullopt)}},
    {"RepeatOfAnUnknownThatHappened",
     {unknown(1, none, ids({1})), repeated(2, 3, none, ids({1}), 0), read(4, 5, ids({1}))}},
    {"RepeatOfAnUnknownThatDidNot",
     {unknown(1, none, ids({1})), stored(2, 3, none, ids({1}), 0), read(4, 5, ids({1}))}},
    {"UnknownThatNeverHappened", {unknown(1, none, ids({1})), read(2, 3, {}), read(4, 5, {})}},
    {"UnknownThatHappensLate", {unknown(1, none, ids({1})), read(2, 3, {}), read(4, 5, ids({1}))}},
    {"TwoUnknownsInEitherOrder",
     {unknown(1, any, ids({1})), unknown(2, any, ids({2})), read(3, 4, ids({2})), read(5, 6, ids({2, 1}))}},
};
INSTANTIATE_TEST_SUITE_P(Histories, Linearizable, testing::ValuesIn(right),
                         [](const auto& param) { return std::string{param.param.name}; });

class NotLinearizable : public testing::TestWithParam<Case> {};
TEST_P(NotLinearizable, IsRejected) { EXPECT_FALSE(is_linearizable(GetParam().history)); }

const Case wrong[] = {
    {"LostUpdate",  // both believed in revision 0 and both were taken
     {stored(1, 2, none, ids({1}), 0), stored(3, 6, after(0), ids({2}), 1), stored(4, 5, after(0), ids({3}), 1)}},
    {"TwoCreators", {stored(1, 4, none, ids({1}), 0), stored(2, 3, none, ids({2}), 0)}},
    {"StaleRead", {stored(1, 2, none, ids({1}), 0), read(3, 4, {})}},
    {"StaleHead", {stored(1, 2, none, ids({1, 2}), 0), head(3, 4, 0)}},
    {"ReadsThatGoBack", {stored(1, 8, none, ids({1}), 0), read(2, 3, ids({1})), read(4, 5, {})}},
    {"DuplicateAppend", {stored(1, 2, any, ids({1}), 0), stored(3, 4, any, ids({1}), 1)}},
    {"DuplicateInARead", {stored(1, 2, any, ids({1}), 0), read(3, 4, ids({1, 1}))}},
    {"AcknowledgedButMissing",
     {stored(1, 2, none, ids({1}), 0), stored(3, 4, after(0), ids({2}), 1), read(5, 6, ids({1}))}},
    {"AcknowledgedAndGoneAfterAFault",
     {stored(1, 2, none, ids({1}), 0), unknown(3, after(0), ids({2})), read(5, 6, ids({2}))}},
    {"HalfABatch", {stored(1, 2, none, ids({1, 2}), 0), read(3, 4, ids({1}))}},
    {"HalfAnUnknownBatch", {unknown(1, none, ids({1, 2})), read(3, 4, ids({1}))}},
    {"EventsFromNowhere", {stored(1, 2, none, ids({1}), 0), read(3, 4, ids({1, 9}))}},
    {"WrongOrder", {stored(1, 2, any, ids({1}), 0), stored(3, 4, any, ids({2}), 1), read(5, 6, ids({2, 1}))}},
    {"WrongPlace", {stored(1, 2, any, ids({1}), 1)}},
    {"ConflictThatWasNone", {stored(1, 2, none, ids({1}), 0), conflict(3, 4, after(0), ids({2}), 0)}},
    {"ConflictWithTheWrongActualRevision", {stored(1, 2, none, ids({1, 2}), 0), conflict(3, 4, none, ids({3}), 0)}},
    {"RepeatOfWhatWasNeverStored", {repeated(1, 2, none, ids({1}), 0)}},
    {"RepeatElsewhere", {stored(1, 2, none, ids({1, 2}), 0), repeated(3, 4, none, ids({2}), 0)}},
    {"UnknownThatHappenedTwice", {unknown(1, any, ids({1})), stored(2, 3, any, ids({1}), 0), read(4, 5, ids({1, 1}))}},
    {"UnknownThatHappenedBeforeItWasCalled", {read(1, 2, ids({1})), unknown(3, any, ids({1}))}},
};
INSTANTIATE_TEST_SUITE_P(Histories, NotLinearizable, testing::ValuesIn(wrong),
                         [](const auto& param) { return std::string{param.param.name}; });

/// Runs calls one at a time, each at a moment within the time its client waits, so that the history is right.
class Stage {
 public:
  explicit Stage(std::uint64_t seed) : random_{seed} {}

  History play(std::size_t calls) {
    History history;
    for (std::size_t i = 0; i < calls; ++i) {
      const std::uint64_t now = 1'000 + 100 * i;
      history.push_back(call());
      history.back().called = now - random_.below(300);
      if (history.back().answer != Answer::unknown) history.back().answered = now + 1 + random_.below(300);
    }
    history.push_back(read(100'000, 100'001, stream_));
    return history;
  }

 private:
  StreamCall call() {
    const auto revision = stream_.empty() ? std::nullopt : std::optional<std::uint64_t>{stream_.size() - 1};
    switch (random_.below(5)) {
      case 0: return read(0, 0, stream_);
      case 1: return head(0, 0, revision);
      case 2:
        if (!stream_.empty()) return conflict(0, 0, none, {event_id(++last_)}, revision);
        [[fallthrough]];
      default: break;
    }
    const std::vector<Uuid> events{event_id(++last_), event_id(++last_)};
    const auto expected = random_.below(3) == 0 ? any : revision ? after(*revision) : none;
    const bool lost = random_.below(6) == 0;
    if (lost && random_.below(2) == 0) return unknown(0, expected, events);  // and it did not happen
    const std::uint64_t first = stream_.size();
    stream_.insert(stream_.end(), events.begin(), events.end());
    return lost ? unknown(0, expected, events) : stored(0, 0, expected, events, first);
  }

  SeededRandom random_;
  std::vector<Uuid> stream_;
  std::uint64_t last_ = 0;
};

TEST(IsLinearizable, AcceptsWhatAStreamDidAndRejectsItWithAnAcknowledgedAppendTakenOut) {
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::seed_note(seed));
    History history = Stage{seed}.play(16);
    ASSERT_TRUE(is_linearizable(history));
    // The last read loses the events of one append, which was acknowledged before.
    for (const StreamCall& call : history) {
      if (call.answer != Answer::stored) continue;
      History planted = history;
      std::erase(planted.back().events, call.events.front());
      std::erase(planted.back().events, call.events.back());
      ASSERT_FALSE(is_linearizable(planted));
      break;
    }
  }
}

}  // namespace
}  // namespace cairn
