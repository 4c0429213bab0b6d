#include <map>

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
    std::uint64_t number;
    std::string type;
    std::vector<std::string> tags;
  };
  std::vector<Event> log;

  [[nodiscard]] std::uint64_t count(const std::string& stream) const {
    return static_cast<std::uint64_t>(
        std::count_if(log.begin(), log.end(), [&](const Event& event) { return event.stream == stream; }));
  }
};

/// Drives a store and a model with the same random steps: units that append, read their own writes, nest, fail, are
/// rolled back as a group, and in between reopening, kills and idle work.
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
      switch (random_.below(10)) {
        case 0: store_.reopen(); break;
        case 1: store_.kill(); break;
        case 2: store_.settle(); break;
        case 3: check(); break;
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
          append(unit, attempted);
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
      append(unit, inner);
      append(unit, inner);
      if (fails) return Error{Errc::rejected, "the savepoint changes its mind"};
      return {};
    });
    EXPECT_EQ(outcome.has_value(), !fails);
    if (outcome) model = std::move(inner);
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
      expected.push_back({stream, number, type, tags});
    }
    const bool right = random_.below(5) != 0;
    const ExpectedRevision revision = !right                  ? ExpectedRevision::exactly(count + 7)
                                      : random_.below(3) == 0 ? ExpectedRevision::any()
                                      : count == 0            ? ExpectedRevision::no_stream()
                                                              : ExpectedRevision::exactly(count - 1);
    const auto appended = store_->append(unit, StreamId::parse(stream).value(), revision, events);
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
    std::map<std::string, std::uint64_t> revisions;
    std::vector<std::uint64_t> revision_of;
    for (const Model::Event& event : model.log) revision_of.push_back(revisions[event.stream]++);
    auto done = read.for_each([&](const RecordedEvent& event) {
      while (next < model.log.size() && !wanted(model.log[next])) ++next;
      ASSERT_LT(next, model.log.size());
      EXPECT_EQ(event.position.value, next + 1);
      EXPECT_EQ(event.stream, model.log[next].stream);
      EXPECT_EQ(event.revision.value, revision_of[next]);
      EXPECT_EQ(event.id, test::event_id(model.log[next].number));
      EXPECT_EQ(event.type, model.log[next].type);
      EXPECT_EQ(event.metadata.to_owned().tags, model.log[next].tags);
      ++next;
    });
    ASSERT_TRUE(done) << done.error().to_string();
    while (next < model.log.size() && !wanted(model.log[next])) ++next;
    EXPECT_EQ(next, model.log.size());
  }

  void check_inside(Unit& unit, const Model& model) {
    const std::string stream = pick_stream();
    const std::string tag = "tag" + std::to_string(random_.below(5));
    expect_events(store_->read_all(unit), model, [](const auto&) { return true; });
    expect_events(store_->read_stream(unit, StreamId::parse(stream).value()), model,
                  [&](const auto& event) { return event.stream == stream; });
    expect_events(store_->read_all(unit, {.filter = {.query = EventQuery::tags({tag})}}), model,
                  [&](const auto& event) { return !event.tags.empty() && event.tags[0] == tag; });
    EXPECT_EQ(store_->head().value, model_.log.size());
  }

  void check() {
    EXPECT_EQ(store_->head().value, model_.log.size());
    expect_events(store_->read_all(), model_, [](const auto&) { return true; });
    const std::string stream = pick_stream();
    expect_events(store_->read_stream(StreamId::parse(stream).value()), model_,
                  [&](const auto& event) { return event.stream == stream; });
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
};

TEST(Model, UnitsThatReadTheirWritesAndAreRolledBackLeaveMemoryAndFileAsTheModel) {
  for (const std::uint64_t seed : test::seeds(500)) {
    SCOPED_TRACE(test::seed_note(seed));
    Driver{seed}.run(30);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cairn
