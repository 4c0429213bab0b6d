#include <cairn/eventstore/subscription.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/manual_executor.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/memory_vfs.hpp>

#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::make_event;

/// An event as the model keeps it: the log is a vector of these, position p at index p - 1.
struct Logged {
  std::string stream;
  std::uint64_t revision;
  std::uint64_t number;
  std::string type;
  std::vector<std::string> tags;
  bool removed = false;  ///< by scavenge
};

struct Cut {
  std::uint64_t first_kept = 0;
  std::uint64_t deleted_before = 0;
};
/// By stream.
using Cuts = std::map<std::string, Cut>;

std::string category_of(const std::string& stream) { return stream.substr(0, stream.find('-')); }

/// What a consumer wants, as plainly as can be said.
struct Wish {
  std::optional<std::string> stream{};
  EventFilter filter{};
  std::uint64_t after = 0;                        ///< position
  std::optional<std::uint64_t> after_revision{};  ///< of the stream

  [[nodiscard]] bool wants(const Logged& event, std::uint64_t position, const Cuts& cuts) const {
    if (position <= after || event.removed) return false;
    if (stream) {
      const auto cut = cuts.find(*stream);
      return event.stream == *stream && (!after_revision || event.revision > *after_revision) &&
             (cut == cuts.end() || event.revision >= cut->second.first_kept);
    }
    if (!filter.system && event.stream.front() == '$') return false;
    if (filter.category && category_of(event.stream) != *filter.category) return false;
    if (filter.stream_prefix && !event.stream.starts_with(*filter.stream_prefix)) return false;
    if (filter.query.empty()) return true;
    return std::ranges::any_of(filter.query.items, [&](const EventQueryItem& item) {
      const bool type = item.types.empty() || std::ranges::find(item.types, event.type) != item.types.end();
      return type && std::ranges::all_of(item.tags, [&](const std::string& tag) {
               return std::ranges::find(event.tags, tag) != event.tags.end();
             });
    });
  }
};

/// A consumer with a checkpoint: it may drop its subscription, or lose it with the process, and resume from there.
class Consumer {
 public:
  Consumer(Wish wish, bool hooked, std::size_t batch_bytes)
      : wish_{std::move(wish)}, next_{wish_.after + 1}, hooked_{hooked}, batch_bytes_{batch_bytes} {}

  void subscribe(const EventStore& store, ManualExecutor& executor) {
    if (wish_.stream) {
      const auto from = last_revision_ ? StartRevision::after({*last_revision_}) : StartRevision::beginning();
      subscription_.emplace(
          store.subscribe(StreamId::parse(*wish_.stream).value(), {.from = from, .batch_bytes = batch_bytes_}).value());
    } else {
      subscription_.emplace(
          store
              .subscribe(
                  {.from = StartPosition::after({next_ - 1}), .filter = wish_.filter, .batch_bytes = batch_bytes_})
              .value());
    }
    ready_ = false;
    deletion_told_ = 0;
    if (hooked_) subscription_->on_ready(executor, [this] { ready_ = true; });
  }
  void drop() { subscription_.reset(); }
  [[nodiscard]] bool subscribed() const { return subscription_.has_value(); }
  /// Whether it would read now: a hooked consumer reads when it was called.
  [[nodiscard]] bool turn() const { return subscribed() && (!hooked_ || ready_); }
  void begin_after(std::uint64_t revision) { last_revision_ = wish_.after_revision = revision; }

  /// Takes a batch and holds it against the log.
  void read(const std::vector<Logged>& log, const Cuts& cuts) {
    auto batch = subscription_->try_next();
    ASSERT_TRUE(batch) << batch.error().to_string();
    if (batch->truncated_before) {
      const Cut& cut = cuts.at(*wish_.stream);
      const std::uint64_t anew_from = batch->truncated_before->value;
      ASSERT_EQ(anew_from, cut.first_kept);
      ASSERT_TRUE(anew_from > next_revision() || (anew_from == next_revision() && anew_from == cut.deleted_before));
      last_revision_ = anew_from - 1;
      deletion_told_ = cut.deleted_before;
    }
    for (const RecordedEvent& event : batch->events) {
      if (wish_.stream) {
        ASSERT_EQ(event.revision.value, next_revision()) << "a gap that was not announced";
      }
      skip_unwanted(log, cuts, event.position.value);
      ASSERT_EQ(event.position.value, next_) << "an event is missing, or came twice";
      ASSERT_LE(next_, log.size());
      const Logged& expected = log[next_ - 1];
      ASSERT_TRUE(wish_.wants(expected, next_, cuts));
      ASSERT_EQ(event.stream, expected.stream);
      ASSERT_EQ(event.revision.value, expected.revision);
      ASSERT_EQ(event.type, expected.type);
      ASSERT_EQ(event.id, test::event_id(expected.number));
      ASSERT_EQ(event.metadata.to_owned().tags, expected.tags);
      last_revision_ = event.revision.value;
      ++next_;
    }
    // Everything wanted up to scanned_through was handed out, and nothing beyond it.
    const std::uint64_t scanned = batch->scanned_through.value;
    ASSERT_GE(scanned + 1, next_);
    skip_unwanted(log, cuts, scanned + 1);
    ASSERT_EQ(next_, std::max(next_, scanned + 1)) << "scanned_through is beyond an event that was not handed out";
    ASSERT_EQ(batch->caught_up, scanned >= log.size());
    if (!batch->nothing_left()) return;
    ready_ = false;
    if (wish_.stream && cuts.contains(*wish_.stream)) {
      const std::uint64_t deleted_before = cuts.at(*wish_.stream).deleted_before;
      ASSERT_TRUE(deleted_before < next_revision() || deleted_before == deletion_told_) << "a deletion was not told";
    }
  }

  /// Nothing wanted is left.
  [[nodiscard]] bool has_all(const std::vector<Logged>& log, const Cuts& cuts) const {
    std::uint64_t position = next_;
    while (position <= log.size() && !wish_.wants(log[position - 1], position, cuts)) ++position;
    return position > log.size();
  }

 private:
  [[nodiscard]] std::uint64_t next_revision() const { return last_revision_ ? *last_revision_ + 1 : 0; }
  void skip_unwanted(const std::vector<Logged>& log, const Cuts& cuts, std::uint64_t before) {
    while (next_ < before && (next_ > log.size() || !wish_.wants(log[next_ - 1], next_, cuts))) ++next_;
  }

  Wish wish_;
  std::uint64_t next_;
  std::optional<std::uint64_t> last_revision_;
  std::uint64_t deletion_told_ = 0;
  bool hooked_;
  std::size_t batch_bytes_;
  bool ready_ = false;
  std::optional<Subscription> subscription_;
};

class Driver {
 public:
  explicit Driver(std::uint64_t seed)
      : random_{seed},
        options_{.id_window = random_.below(500),
                 .pending_events_max = 1 + random_.below(300),
                 .pending_events_min = 1 + random_.below(40),
                 .recent_events_max = random_.below(4) * 512,
                 .recent_bytes_max = 20'000 + random_.below(200'000)} {
    options_.pending_events_max = std::max(options_.pending_events_max, options_.pending_events_min);
    open(MemoryVfs::create({.track_durability = true}));
  }

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      switch (random_.below(19)) {
        case 0: add_consumer(); break;
        case 1: crash(); break;
        case 2: recover(); break;
        case 3: fail_a_commit(); break;
        case 4: settle(); break;
        case 5: drop_or_resume(); break;
        case 16:
        case 17: cut(); break;
        case 18: scavenge(); break;
        case 6:
        case 7:
        case 8:
        case 9: read_some(); break;
        default: append(); break;
      }
      (void)executor_.run_all();
    }
    for (Consumer& consumer : consumers_) {
      if (!consumer.subscribed()) consumer.subscribe(*store_, executor_);
    }
    // Hooked consumers read only when they are called: one lost call and this does not end well.
    while (!testing::Test::HasFailure() && read_all_once()) {
    }
    for (Consumer& consumer : consumers_) EXPECT_TRUE(consumer.has_all(log_, cuts_));
  }

 private:
  void open(std::unique_ptr<MemoryVfs> disk) {
    for (Consumer& consumer : consumers_) consumer.drop();
    store_.reset();
    database_.reset();
    disk_ = std::move(disk);
    database_ = Database::open({.file = "store.db",
                                .writer = WriterMode::stepped,
                                .memory = disk_.get(),
                                .checkpoint_pages = 1 + random_.below(40)},
                               {.clock = &clock_})
                    .value();
    store_ = EventStore::open(*database_, options_, {.clock = &clock_}).value();
  }

  /// One group of some appends; an empty one is a group of units that wrote nothing.
  void append() {
    std::vector<Logged> added;
    auto done = database_->write([&](Unit& unit) {
      added.clear();
      return append_in(unit, added);
    });
    ASSERT_TRUE(done) << done.error().to_string();
    log_.insert(log_.end(), added.begin(), added.end());
  }

  Result<void> append_in(Unit& unit, std::vector<Logged>& added) {
    for (std::uint64_t i = 0, appends = random_.below(4); i < appends; ++i) {
      const std::string stream = pick_stream();
      std::vector<NewEvent> events;
      for (std::uint64_t n = 0, count = random_.below(12) == 0 ? 700 : 1 + random_.below(5); n < count; ++n) {
        Logged event{stream, 0, ++last_number_, pick_type(), {}};
        if (random_.below(3) == 0) event.tags.push_back(pick_tag());
        if (random_.below(5) == 0) event.tags.emplace_back("tag9");
        events.push_back(make_event(event.number, event.type, event.tags));
        if (random_.below(40) == 0) events.back().data.resize(20'000);
        added.push_back(std::move(event));
      }
      auto appended = store_->append(unit, StreamId::parse(stream).value(), ExpectedRevision::any(), events);
      if (!appended) return appended.error();
      for (std::size_t n = 0; n < events.size(); ++n) {
        added[added.size() - events.size() + n].revision = appended->first_revision.value + n;
      }
    }
    return {};
  }

  /// Truncates or deletes a stream, or changes its mind about that.
  void cut() {
    const std::string stream = pick_stream();
    const auto count = static_cast<std::uint64_t>(
        std::ranges::count_if(log_, [&](const Logged& event) { return event.stream == stream; }));
    const std::uint64_t before = cuts_.contains(stream) ? cuts_[stream].first_kept : 0;
    if (count == before) return;  // there is no such stream, or it keeps nothing
    const StreamId id = StreamId::parse(stream).value();
    const std::uint64_t at = before + 1 + random_.below(count - before);
    const bool deletes = random_.below(4) == 0;
    const bool fails = random_.below(4) == 0;
    auto done = database_->write([&](Unit& unit) -> Result<void> {
      auto outcome = deletes ? store_->delete_stream(unit, id, ExpectedRevision::exactly(count - 1))
                             : store_->set_retention(unit, id, {.truncate_before = {at}});
      return outcome && fails ? Error{Errc::rejected, "changed its mind"} : outcome;
    });
    ASSERT_EQ(done.has_value(), !fails) << (done ? "" : done.error().to_string());
    if (!done) return;
    cuts_[stream].first_kept = deletes ? count : at;
    if (deletes) cuts_[stream].deleted_before = count;
  }

  /// Removes what is cut, or the first of it.
  void scavenge() {
    std::stop_source stop;
    const bool stops = random_.below(3) == 0;
    const auto report = store_->scavenge({.on_progress =
                                              [&](const ScavengeProgress&) {
                                                if (stops) stop.request_stop();
                                              },
                                          .stop = stop.get_token()});
    ASSERT_TRUE(report || report.error().code() == Errc::cancelled) << report.error().to_string();
    std::set<std::uint64_t> there;
    store_->read_all({.filter = {.system = true}})
        .for_each([&](const RecordedEvent& event) { there.insert(event.position.value); })
        .value();
    for (std::uint64_t position = 1; position <= log_.size(); ++position) {
      Logged& event = log_[position - 1];
      if (there.contains(position) || event.removed) continue;
      event.removed = true;
      ASSERT_TRUE(cuts_.contains(event.stream) && event.revision < cuts_[event.stream].first_kept);
    }
  }

  void crash() {
    const auto unsynced = random_.below(2) == 0 ? CrashDamage::Unsynced::random : CrashDamage::Unsynced::nothing;
    open(disk_->crash({.seed = random_.below(1'000'000), .unsynced = unsynced}));
    ASSERT_EQ(store_->head().value, log_.size());
  }

  void recover() {
    auto done = database_->recover();
    ASSERT_TRUE(done) << done.error().to_string();
  }

  /// The sync of a COMMIT fails: whether its events are there shows after recover(), and not before.
  void fail_a_commit() {
    disk_->inject({.kind = FaultKind::io_error,
                   .only = IoOp::sync,
                   .file = FileKind::wal,
                   .failed_sync_loses = random_.below(2) == 0});
    std::vector<Logged> added;
    auto done = database_->write([&](Unit& unit) {
      added.clear();
      return append_in(unit, added);
    });
    disk_->clear_faults();
    if (!done) {
      for (Consumer& consumer : consumers_) {
        while (consumer.turn() && !testing::Test::HasFailure() && !reads_fenced(consumer)) {
        }
      }
      (void)executor_.run_all();
      recover();
      if (store_->head().value == log_.size()) return;
    }
    log_.insert(log_.end(), added.begin(), added.end());
    ASSERT_EQ(store_->head().value, log_.size());
  }

  /// On a fenced store a consumer gets what is committed; true when it has it all.
  bool reads_fenced(Consumer& consumer) {
    if (consumer.has_all(log_, cuts_)) return true;
    consumer.read(log_, cuts_);
    return false;
  }

  void settle() {
    while (database_->step(1).value()) {
    }
  }

  void add_consumer() {
    if (consumers_.size() >= 12) return;
    Wish wish;
    std::optional<std::uint64_t> after_revision;
    switch (random_.below(7)) {
      case 0: wish.stream = pick_stream(); break;
      case 1: wish.filter.category = "s" + std::to_string(random_.below(4)); break;
      case 2: wish.filter.query = EventQuery::types({pick_type(), "unheard"}); break;
      case 3: wish.filter.query = EventQuery::tags({pick_tag(), "tag9"}); break;
      case 4: wish.filter.stream_prefix = random_.below(2) == 0 ? "s1-" : "s"; break;
      case 5: wish.filter.system = true; break;
      default: break;
    }
    if (wish.stream && random_.below(3) == 0) after_revision = random_.below(30);
    // From the beginning, from somewhere, from a position to come.
    if (!wish.stream && random_.below(2) == 0) wish.after = random_.below(log_.size() + 60);
    consumers_.emplace_back(wish, random_.below(2) == 0, 1 + random_.below(3) * 3'000);
    if (after_revision) consumers_.back().begin_after(*after_revision);
    consumers_.back().subscribe(*store_, executor_);
  }

  void drop_or_resume() {
    if (consumers_.empty()) return;
    Consumer& consumer = consumers_[random_.below(consumers_.size())];
    if (consumer.subscribed()) {
      consumer.drop();
    } else {
      consumer.subscribe(*store_, executor_);
    }
  }

  /// Some consumers take some batches; the others fall behind.
  void read_some() {
    for (Consumer& consumer : consumers_) {
      for (std::uint64_t batches = random_.below(4); batches > 0 && consumer.turn(); --batches)
        consumer.read(log_, cuts_);
    }
  }

  bool read_all_once() {
    (void)executor_.run_all();
    bool read = false;
    for (Consumer& consumer : consumers_) {
      if (!consumer.turn() || (consumer.has_all(log_, cuts_) && settled_.contains(&consumer))) continue;
      consumer.read(log_, cuts_);
      read = true;
      if (consumer.has_all(log_, cuts_)) settled_.insert(&consumer);
    }
    return read;
  }

  std::string pick_stream() {
    if (random_.below(10) == 0) return "$sys-1";
    return "s" + std::to_string(random_.below(3)) + "-" + std::to_string(random_.below(4));
  }
  std::string pick_type() { return "t" + std::to_string(random_.below(5)); }
  std::string pick_tag() { return "tag" + std::to_string(random_.below(4)); }

  SeededRandom random_;
  EventStoreOptions options_;
  SimulatedClock clock_;
  ManualExecutor executor_;
  std::unique_ptr<MemoryVfs> disk_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventStore> store_;
  std::vector<Logged> log_;
  Cuts cuts_;
  std::deque<Consumer> consumers_;  // their hooks point at them
  std::set<const Consumer*> settled_;
  std::uint64_t last_number_ = 0;
};

TEST(SubscriptionModel, EachSeesEveryEventItWantsOnceInOrderAndItsCheckpointIsTrue) {
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::seed_note(seed));
    Driver{seed}.run(60);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cairn
