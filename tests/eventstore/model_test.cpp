#include <algorithm>
#include <map>
#include <set>
#include <stop_token>

#include <gtest/gtest.h>

#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::make_event;
using test::MemoryStore;

/// What the log must hold, kept as plainly as possible.
struct Model {
  struct Event {
    std::string stream;
    std::uint64_t revision;
    std::uint64_t number;
    std::string type;
    std::vector<std::string> tags;
    Timestamp recorded_at;
    bool removed = false;  ///< by scavenge
  };
  struct Kept {
    StreamRetention keep;
    std::uint64_t deleted_before = 0;
    std::uint64_t removed_before = 0;
    bool tombstone = false;
  };
  std::vector<Event> log;
  std::map<std::string, Kept> kept;

  [[nodiscard]] std::uint64_t count(const std::string& stream) const {
    return static_cast<std::uint64_t>(
        std::count_if(log.begin(), log.end(), [&](const Event& event) { return event.stream == stream; }));
  }
  [[nodiscard]] Kept kept_of(const std::string& stream) const {
    const auto found = kept.find(stream);
    return found == kept.end() ? Kept{} : found->second;
  }
  [[nodiscard]] bool exists(const std::string& stream) const {
    return !kept_of(stream).tombstone && count(stream) > kept_of(stream).deleted_before;
  }
  /// First revision that a stream keeps, age left aside.
  [[nodiscard]] std::uint64_t first_kept(const std::string& stream) const {
    const Kept of = kept_of(stream);
    const std::uint64_t next = count(stream);
    if (of.tombstone) return next;
    const std::uint64_t by_count = of.keep.events_max && next > *of.keep.events_max ? next - *of.keep.events_max : 0;
    return std::max({of.deleted_before, of.removed_before, of.keep.truncate_before.value, by_count});
  }
  /// Whether a read of its stream shows the event.
  [[nodiscard]] bool keeps(const Event& event, Timestamp now) const {
    const auto age_max = kept_of(event.stream).keep.age_max;
    return event.revision >= first_kept(event.stream) && (!age_max || now - event.recorded_at <= *age_max);
  }
};

/// Drives a store and a model with the same random steps: units that append, retain, delete, read their own writes,
/// nest, fail, are rolled back as a group, and in between reopening, kills, idle work, scavenges that may stop
/// half-way, and the passing of time.
class Driver {
 public:
  explicit Driver(std::uint64_t seed)
      : random_{seed},
        store_{{.stream_cache_entries = 1 + random_.below(6),
                .id_window = 1 + random_.below(40),
                .pending_events_max = 1 + random_.below(64),
                .pending_events_min = 1}} {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      switch (random_.below(11)) {
        case 0: store_.reopen(); break;
        case 1: store_.kill(); break;
        case 2: store_.settle(); break;
        case 3: check(); break;
        case 5: scavenge(); break;
        case 4: store_.clock().advance(std::chrono::seconds{random_.below(20)}); break;
        default: unit();
      }
    }
    check();
    const auto report = store_->verify().value();
    EXPECT_TRUE(report.good()) << *report.first_bad;
  }

 private:
  [[nodiscard]] std::string pick_stream() {
    return "s" + std::to_string(random_.below(3)) + "-" + std::to_string(random_.below(6));
  }

  void scavenge() {
    std::stop_source stop;
    std::uint64_t slices = random_.below(6);
    const auto count_down = [&](const ScavengeProgress&) {
      if (slices-- == 1) stop.request_stop();
    };
    const auto report = store_->scavenge({.on_progress = count_down, .stop = stop.get_token()});
    ASSERT_TRUE(report || report.error().code() == Errc::cancelled) << report.error().to_string();

    std::set<std::uint64_t> there;
    store_->read_all().for_each([&](const RecordedEvent& event) { there.insert(event.position.value); }).value();
    const Timestamp now = store_.clock().now();
    std::map<std::string, std::uint64_t> removed_before;
    for (std::size_t i = 0; i < model_.log.size(); ++i) {
      Model::Event& event = model_.log[i];
      if (event.removed) continue;
      const bool kept = model_.keeps(event, now);
      if (there.contains(i + 1)) {
        // One that goes on where another stopped does not look again at what that one had behind it.
        const bool looked_at = report && !stopped_ && i + 1 <= report->looked_through.value;
        EXPECT_TRUE(kept || !looked_at) << "position " << i + 1 << " should have gone";
        continue;
      }
      EXPECT_FALSE(kept) << "position " << i + 1 << " was removed";
      event.removed = true;
      removed_before[event.stream] = event.revision + 1;
    }
    for (const auto& [stream, before] : removed_before) {
      model_.kept[stream].removed_before = std::max(before, model_.first_kept(stream));
    }
    stopped_ = !report;
  }

  void unit() {
    Model attempted;
    const bool fails = random_.below(4) == 0;
    auto outcome = store_.database().write([&](Unit& unit) -> Result<void> {
      attempted = model_;
      const std::uint64_t appends = 1 + random_.below(4);
      for (std::uint64_t i = 0; i < appends; ++i) {
        if (random_.below(4) == 0) {
          nested(unit, attempted);
        } else {
          change(unit, attempted);
        }
      }
      check_inside(unit, attempted);
      if (fails) return Error{Errc::rejected, "the unit changes its mind"};
      return {};
    });
    EXPECT_EQ(outcome.has_value(), !fails) << (outcome ? "" : outcome.error().to_string());
    if (outcome) model_ = std::move(attempted);
  }

  void nested(Unit& unit, Model& model) {
    Model inner = model;
    const bool fails = random_.below(2) == 0;
    auto outcome = unit.nested([&]() -> Result<void> {
      change(unit, inner);
      append(unit, inner);
      if (fails) return Error{Errc::rejected, "the savepoint changes its mind"};
      return {};
    });
    EXPECT_EQ(outcome.has_value(), !fails);
    if (outcome) model = std::move(inner);
  }

  void change(Unit& unit, Model& model) {
    switch (random_.below(9)) {
      case 0: retain(unit, model); break;
      case 1: remove(unit, model); break;
      default: append(unit, model);
    }
  }

  void retain(Unit& unit, Model& model) {
    const std::string stream = pick_stream();
    const std::uint64_t count = model.count(stream);
    StreamRetention keep;
    if (random_.below(2) == 0) keep.events_max = 1 + random_.below(10);
    if (random_.below(3) == 0) keep.age_max = std::chrono::seconds{1 + random_.below(40)};
    if (random_.below(2) == 0) keep.truncate_before = {random_.below(count + 1)};
    const auto set = store_->set_retention(unit, StreamId::parse(stream).value(), keep);
    ASSERT_EQ(set.has_value(), model.exists(stream)) << (set ? "" : set.error().to_string());
    if (set) {
      model.kept[stream].keep = keep;
    } else {
      EXPECT_EQ(set.error().code(), model.kept_of(stream).tombstone ? Errc::stream_deleted : Errc::not_found);
    }
  }

  void remove(Unit& unit, Model& model) {
    const std::string stream = pick_stream();
    const std::uint64_t count = model.count(stream);
    const bool for_ever = random_.below(5) == 0;
    const bool right = random_.below(4) != 0;
    const auto expected = !right                 ? ExpectedRevision::exactly(count + 3)
                          : model.exists(stream) ? ExpectedRevision::exactly(count - 1)
                                                 : ExpectedRevision::any();
    const StreamId id = StreamId::parse(stream).value();
    const auto done =
        for_ever ? store_->tombstone_stream(unit, id, expected) : store_->delete_stream(unit, id, expected);
    const Model::Kept before = model.kept_of(stream);
    if (before.tombstone) {
      ASSERT_EQ(done.error().code(), Errc::stream_deleted);
    } else if (!model.exists(stream) && (!for_ever || count == 0)) {
      ASSERT_EQ(done.error().code(), Errc::not_found);
    } else if (!right) {
      ASSERT_EQ(done.error().code(), Errc::conflict);
    } else {
      ASSERT_TRUE(done) << done.error().to_string();
      model.kept[stream].deleted_before = count;
      model.kept[stream].tombstone = for_ever;
    }
  }

  void append(Unit& unit, Model& model) {
    const std::string stream = pick_stream();
    const std::uint64_t count = model.count(stream);
    std::vector<NewEvent> events;
    std::vector<Model::Event> expected;
    for (std::uint64_t i = 0, n = random_.below(12) == 0 ? 300 : 1 + random_.below(4); i < n; ++i) {
      const std::uint64_t number = ++last_number_;
      const std::string type = "t" + std::to_string(random_.below(4));
      std::vector<std::string> tags;
      if (random_.below(3) == 0) tags.push_back("tag" + std::to_string(random_.below(5)));
      events.push_back(make_event(number, type, tags));
      if (random_.below(30) == 0) events.back().data.resize(20'000);
      expected.push_back({stream, count + i, number, type, tags, store_.clock().now()});
    }
    const bool right = random_.below(5) != 0;
    const ExpectedRevision revision = !right                  ? ExpectedRevision::exactly(count + 7)
                                      : random_.below(3) == 0 ? ExpectedRevision::any()
                                      : !model.exists(stream) ? ExpectedRevision::no_stream()
                                                              : ExpectedRevision::exactly(count - 1);
    const auto appended = store_->append(unit, StreamId::parse(stream).value(), revision, events);
    if (model.kept_of(stream).tombstone) {
      ASSERT_EQ(appended.error().code(), Errc::stream_deleted);
      return;
    }
    ASSERT_EQ(appended.has_value(), right) << (appended ? "" : appended.error().to_string());
    if (!appended) {
      EXPECT_EQ(appended.error().code(), Errc::conflict);
      return;
    }
    EXPECT_EQ(appended->first_revision.value, count);
    EXPECT_EQ(appended->first_position.value, model.log.size() + 1);
    model.log.insert(model.log.end(), expected.begin(), expected.end());
  }

  template <class Read>
  void expect_events(Read&& read, const Model& model, const std::function<bool(const Model::Event&)>& wanted) {
    std::size_t next = 0;
    const auto skip = [&] {
      while (next < model.log.size() && (model.log[next].removed || !wanted(model.log[next]))) ++next;
    };
    auto done = read.for_each([&](const RecordedEvent& event) {
      skip();
      ASSERT_LT(next, model.log.size());
      EXPECT_EQ(event.position.value, next + 1);
      EXPECT_EQ(event.stream, model.log[next].stream);
      EXPECT_EQ(event.revision.value, model.log[next].revision);
      EXPECT_EQ(event.id, test::event_id(model.log[next].number));
      EXPECT_EQ(event.type, model.log[next].type);
      EXPECT_EQ(event.metadata.to_owned().tags, model.log[next].tags);
      ++next;
    });
    ASSERT_TRUE(done) << done.error().to_string();
    skip();
    EXPECT_EQ(next, model.log.size());
  }

  void check_inside(Unit& unit, const Model& model) {
    const std::string stream = pick_stream();
    const std::string tag = "tag" + std::to_string(random_.below(5));
    expect_events(store_->read_all(unit), model, [](const auto&) { return true; });
    const StreamId id = StreamId::parse(stream).value();
    expect_events(store_->read_stream(unit, id), model, [&](const auto& event) {
      return event.stream == stream && model.keeps(event, store_.clock().now());
    });
    EXPECT_EQ(store_->stream_head(unit, id).value().has_value(), model.exists(stream));
    expect_events(store_->read_all(unit, {.filter = {.query = EventQuery::tags({tag})}}), model,
                  [&](const auto& event) { return !event.tags.empty() && event.tags[0] == tag; });
    EXPECT_EQ(store_->head().value, model_.log.size());
  }

  void check() {
    EXPECT_EQ(store_->head().value, model_.log.size());
    expect_events(store_->read_all(), model_, [](const auto&) { return true; });
    const std::string stream = pick_stream();
    const StreamId id = StreamId::parse(stream).value();
    const auto shown = [&](const auto& event) {
      return event.stream == stream && model_.keeps(event, store_.clock().now());
    };
    expect_events(store_->read_stream(id), model_, shown);
    const auto head = model_.exists(stream) ? std::optional{Revision{model_.count(stream) - 1}} : std::nullopt;
    EXPECT_EQ(store_->stream_head(id).value(), head);
    const auto backward = store_->read_stream(id, {.direction = Direction::backward}).collect().value();
    const auto shown_events = std::count_if(model_.log.begin(), model_.log.end(), shown);
    EXPECT_EQ(backward.size(), static_cast<std::size_t>(shown_events));
    if (!backward.empty()) {
      EXPECT_EQ(backward.front().revision, *head);
      EXPECT_EQ(backward.back().revision.value + backward.size() - 1, head->value);
    }
    if (head) {
      EXPECT_EQ(store_->retention(id).value(), model_.kept_of(stream).keep);
    }
    const std::string type = "t" + std::to_string(random_.below(4));
    expect_events(store_->read_all({.filter = {.query = EventQuery::types({type})}}), model_,
                  [&](const auto& event) { return event.type == type; });
    const std::string category = "s" + std::to_string(random_.below(3));
    expect_events(store_->read_all({.filter = {.category = category}}), model_,
                  [&](const auto& event) { return event.stream.starts_with(category + "-"); });
  }

  SeededRandom random_;
  MemoryStore store_;
  Model model_;
  std::uint64_t last_number_ = 0;
  bool stopped_ = false;  ///< the last scavenge, before its end
};

TEST(Model, UnitsThatReadTheirWritesAndAreRolledBackLeaveMemoryAndFileAsTheModel) {
  for (const std::uint64_t seed : test::seeds(500)) {
    SCOPED_TRACE(test::seed_note(seed));
    Driver{seed}.run(33);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cairn
