#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "fault/errors.hpp"
#include "fault/log_agreement.hpp"
#include "fault/stream_history.hpp"
#include "support/long_run.hpp"
#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::is_linearizable;
using test::is_trouble;
using test::StreamCall;
using Answer = StreamCall::Answer;

constexpr std::size_t client_count = 8;
constexpr std::size_t stream_count = 3;
constexpr int calls_per_client = 5;

using Histories = std::array<std::vector<StreamCall>, stream_count>;

/// A store with its writer on a thread of its own, in memory.
struct ThreadedStore {
  ThreadedStore() {
    DatabaseOptions options{.file = "store.db", .memory = disk.get(), .checkpoint_pages = 50};
    database = Database::open(options).value();
    store = EventStore::open(*database, {.pending_events_max = 100, .pending_events_min = 20}).value();
  }

  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  std::unique_ptr<Database> database;
  std::unique_ptr<EventStore> store;
};

/// One client: a thread that appends with what it believes, reads, and keeps a record of both.
class Client {
 public:
  Client(ThreadedStore& store, std::atomic<std::uint64_t>& clock, std::uint64_t seed, std::uint64_t number)
      : store_{store},
        clock_{clock},
        random_{seed * 1'000 + number},
        seed_{seed},
        next_event_{((seed << 8U) + number) << 16U} {}

  void run() {
    for (int i = 0; i < calls_per_client; ++i) {
      const std::size_t stream = random_.below(stream_count);
      switch (random_.below(5)) {
        case 0: read(stream); break;
        case 1: ask_head(stream); break;
        default: append(stream);
      }
    }
  }

  void read(std::size_t stream) {
    StreamCall call{.called = tick(), .answer = Answer::events};
    auto events = store_.store->read_stream(name(stream)).collect();
    call.answered = tick();
    if (!events) return note(events.error());
    for (const OwnedEvent& event : *events) call.events.push_back(event.id);
    believed_[stream] = events->empty() ? std::nullopt : std::optional{events->back().revision.value};
    calls_[stream].push_back(std::move(call));
  }

  [[nodiscard]] const Histories& calls() const noexcept { return calls_; }
  /// An answer that no trouble explains; empty if there was none.
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

 private:
  [[nodiscard]] StreamId name(std::size_t stream) const {
    return StreamId::parse("h" + std::to_string(seed_) + "-" + std::to_string(stream)).value();
  }
  std::uint64_t tick() { return clock_.fetch_add(1) + 1; }

  void ask_head(std::size_t stream) {
    StreamCall call{.called = tick(), .answer = Answer::head};
    const auto last = store_.store->stream_head(name(stream));
    call.answered = tick();
    if (!last) return note(last.error());
    if (*last) call.revision = (*last)->value;
    believed_[stream] = call.revision;
    calls_[stream].push_back(std::move(call));
  }

  void append(std::size_t stream) {
    std::vector<NewEvent> events;
    for (std::uint64_t i = 0, n = 1 + random_.below(2); i < n; ++i) events.push_back(test::make_event(++next_event_));
    const auto expected = random_.below(4) == 0 ? ExpectedRevision::any()
                          : believed_[stream]   ? ExpectedRevision::exactly(*believed_[stream])
                                                : ExpectedRevision::no_stream();
    for (int attempt = 0; attempt < 3 && !send(stream, expected, events); ++attempt) {
    }
  }

  // False when the outcome is unknown: then the same is asked again, with the same ids.
  bool send(std::size_t stream, ExpectedRevision expected, const std::vector<NewEvent>& events) {
    StreamCall call{.called = tick(), .expected = expected};
    for (const NewEvent& event : events) call.events.push_back(event.id);
    const auto outcome = store_.store->append(name(stream), expected, events);
    const std::uint64_t answered = tick();
    if (outcome) {
      call.answer = outcome->repeated ? Answer::repeated : Answer::stored;
      call.revision = outcome->first_revision.value;
      believed_[stream] = outcome->last_revision.value;
    } else if (outcome.error().code() == Errc::conflict) {
      call.answer = Answer::conflict;
      if (const auto actual = actual_revision(outcome.error())) call.revision = actual->value;
      believed_[stream] = call.revision;
    } else if (outcome.error().code() != Errc::outcome_unknown) {
      note(outcome.error());
      return true;  // known not done: it has no place in the history, and no read may see its events
    }
    if (call.answer != Answer::unknown) call.answered = answered;
    calls_[stream].push_back(std::move(call));
    if (outcome || outcome.error().code() == Errc::conflict) return true;
    (void)store_.database->recover();
    return false;
  }

  void note(const Error& error) {
    if (!is_trouble(error.code())) wrong_ = error.to_string();
    if (error.code() == Errc::fenced) (void)store_.database->recover();
  }

  ThreadedStore& store_;
  std::atomic<std::uint64_t>& clock_;
  SeededRandom random_;
  std::uint64_t seed_;
  std::uint64_t next_event_;
  std::array<std::optional<std::uint64_t>, stream_count> believed_{};
  Histories calls_;
  std::string wrong_;
};

/// How often each answer was given, so that a test can tell that it saw what it is about.
struct Tally {
  std::uint64_t conflicts = 0;
  std::uint64_t unknown = 0;
  std::uint64_t repeats = 0;
  void add(std::span<const StreamCall> calls) {
    for (const StreamCall& call : calls) {
      conflicts += call.answer == Answer::conflict ? 1 : 0;
      unknown += call.answer == Answer::unknown ? 1 : 0;
      repeats += call.answer == Answer::repeated ? 1 : 0;
    }
  }
};

// Eight clients at once, and one that looks at what they left; what is wrong with what they saw.
std::string play(ThreadedStore& store, std::uint64_t seed, const std::optional<FaultPlan>& fault, Tally& tally) {
  std::atomic<std::uint64_t> clock{0};
  std::vector<Client> clients;
  for (std::uint64_t number = 0; number <= client_count; ++number) clients.emplace_back(store, clock, seed, number);
  if (fault) store.disk->inject(*fault);
  std::barrier start{static_cast<std::ptrdiff_t>(client_count)};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < client_count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      clients[i].run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  store.disk->clear_faults();
  if (store.database->fenced()) {
    if (auto recovered = store.database->recover(); !recovered) return recovered.error().to_string();
  }
  for (std::size_t stream = 0; stream < stream_count; ++stream) clients[client_count].read(stream);

  for (std::size_t stream = 0; stream < stream_count; ++stream) {
    std::vector<StreamCall> history;
    for (const Client& client : clients) {
      if (!client.wrong().empty()) return client.wrong();
      history.insert(history.end(), client.calls()[stream].begin(), client.calls()[stream].end());
    }
    tally.add(history);
    if (!is_linearizable(history)) return "stream " + std::to_string(stream) + ": no order of the calls explains them";
  }
  return {};
}

std::string lie_of(ThreadedStore& store) { return test::LogAgreement{*store.store}.check_with_verify(); }

constexpr std::uint64_t histories_of_a_store = 40;

// In the long run 10,000 histories, half of them here.
std::uint64_t histories(std::uint64_t usual) { return test::long_run() ? 5'000 : usual; }

/// Whether to play one more: what threads do to each other is theirs to choose, so it goes on until all was seen that
/// is to be checked, within reason.
bool plays_on(std::uint64_t seed, bool saw_all) {
  return seed <= histories(120) || (!saw_all && seed <= 20 * histories(120));
}

TEST(ConcurrentHistories, OfAHealthyStoreAreLinearizable) {
  std::unique_ptr<ThreadedStore> store;
  Tally tally;
  for (std::uint64_t seed = 1; plays_on(seed, tally.conflicts > 0); ++seed) {
    if (seed % histories_of_a_store == 1) store = std::make_unique<ThreadedStore>();
    ASSERT_EQ(play(*store, seed, std::nullopt, tally), "") << "history " << seed;
    if (seed % histories_of_a_store == 0) {
      ASSERT_EQ(lie_of(*store), "") << "history " << seed;
    }
  }
  EXPECT_GT(tally.conflicts, 0U);
}

TEST(ConcurrentHistories, OfAStoreThatFailsAndRecoversAreLinearizable) {
  std::unique_ptr<ThreadedStore> store;
  Tally tally;
  SeededRandom random{7};
  std::uint64_t struck = 0;
  const auto saw_all = [&] { return tally.conflicts > 0 && tally.unknown > 0 && tally.repeats > 0; };
  for (std::uint64_t seed = 1; plays_on(seed, saw_all()); ++seed) {
    if (seed % histories_of_a_store == 1) store = std::make_unique<ThreadedStore>();
    constexpr std::array ops{IoOp::sync, IoOp::write, IoOp::any, IoOp::read};
    const IoOp op = ops[random.below(ops.size())];
    const FaultPlan fault{.at_call = 1 + random.below(op == IoOp::sync ? 8 : 60),
                          .only = op,
                          .sticky = random.below(8) == 0,
                          .after_effect = op != IoOp::any && op != IoOp::read && random.below(3) == 0};
    ASSERT_EQ(play(*store, seed, fault, tally), "") << "history " << seed;
    struck += store->disk->faults_fired() > 0 ? 1 : 0;
    if (seed % histories_of_a_store == 0) {
      ASSERT_EQ(lie_of(*store), "") << "history " << seed;
    }
  }
  EXPECT_GT(struck, histories(120) / 4);
  EXPECT_GT(tally.conflicts, 0U);
  EXPECT_GT(tally.unknown, 0U);
  EXPECT_GT(tally.repeats, 0U);
  RecordProperty("unknown", static_cast<int>(tally.unknown));
  RecordProperty("repeats", static_cast<int>(tally.repeats));
}

}  // namespace
}  // namespace cairn
