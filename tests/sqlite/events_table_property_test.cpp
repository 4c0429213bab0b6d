// Any statement over cairn_events gives what a filter over the whole log gives, in the same order.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "eventstore/random_event.hpp"
#include "sqlite/extension_connection.hpp"
#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn::test {
namespace {

constexpr const char* columns =
    "position, stream, revision, type, schema_version, category, event_id, correlation_id, causation_id, content_type, "
    "hex(data), (SELECT group_concat(value, '/') FROM json_each(tags)), "
    "(SELECT group_concat(key || '=' || hex(value), '/') FROM json_each(headers))";

std::string hex(BytesView bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02X}", std::to_integer<unsigned>(byte));
  return text;
}

/// The row that `columns` give for an event.
std::string row_of(const OwnedEvent& event) {
  const auto id = [](const std::optional<Uuid>& value) { return value ? value->to_string() : "NULL"; };
  std::string tags;
  for (const std::string& tag : event.metadata.tags) tags += (tags.empty() ? "" : "/") + tag;
  std::string headers;
  for (const auto& [name, value] : event.metadata.headers) {
    headers += (headers.empty() ? "" : "/") + name + "=" + hex(as_bytes(value));
  }
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", event.position.value, event.stream, event.revision.value,
                     event.type, event.schema_version, StreamId::category_of(event.stream), event.id.to_string(),
                     id(event.metadata.correlation_id), id(event.metadata.causation_id), to_string(event.content_type),
                     hex(event.data), tags.empty() ? "NULL" : tags, headers.empty() ? "NULL" : headers);
}

/// A condition as SQL and as what it means.
struct Condition {
  std::string sql;
  std::function<bool(const OwnedEvent&)> holds;
};

class RandomLog {
 public:
  RandomLog(MemoryStore& store, SeededRandom& random) : random_{random} {
    for (std::size_t i = 0; i < 1 + random.below(5); ++i) types_.push_back(random_name(random));
    for (std::size_t i = 0; i < 1 + random.below(8); ++i) streams_.push_back(random_stream());
    const std::size_t batches = random.below(150);
    for (std::size_t i = 0; i < batches; ++i) {
      std::vector<NewEvent> events;
      for (std::size_t n = 0; n < 1 + random.below(20); ++n) events.push_back(some_event());
      EXPECT_TRUE(store->append(pick(streams_), ExpectedRevision::any(), events));
      if (random.below(20) == 0) store.settle();
    }
    if (random.below(2) == 0) scavenge(store);
    if (random.below(2) == 0) store.reopen();
    events_ = store.dump();
  }

  [[nodiscard]] const std::vector<OwnedEvent>& events() const { return events_; }

  Condition condition() {
    static constexpr const char* signs[] = {"=", "<", "<=", ">", ">="};
    const std::size_t sign = random_.below(5);
    const auto compare = [sign](std::int64_t a, std::int64_t b) {
      return sign == 0 ? a == b : sign == 1 ? a < b : sign == 2 ? a <= b : sign == 3 ? a > b : a >= b;
    };
    switch (random_.below(8)) {
      case 0:
      case 1: {
        const auto at = number_near(events_.size());
        return {fmt::format("{} {} {}", random_.below(2) == 0 ? "position" : "rowid", signs[sign], at),
                [=](const OwnedEvent& event) { return compare(static_cast<std::int64_t>(event.position.value), at); }};
      }
      case 2: {
        const auto at = number_near(events_.size() / streams_.size() + 1);
        return {fmt::format("revision {} {}", signs[sign], at),
                [=](const OwnedEvent& event) { return compare(static_cast<std::int64_t>(event.revision.value), at); }};
      }
      case 3: return equal("stream", pick(streams_).text(), &OwnedEvent::stream);
      case 4: return equal("type", pick(types_), &OwnedEvent::type);
      case 5: {
        const std::string category{StreamId::category_of(pick(streams_).text())};
        return {"category = " + quoted(category),
                [=](const OwnedEvent& event) { return StreamId::category_of(event.stream) == category; }};
      }
      case 6: {
        const std::string a = pick(types_);
        const std::string b = pick(types_);
        return {fmt::format("type IN ({}, {})", quoted(a), quoted(b)),
                [=](const OwnedEvent& event) { return event.type == a || event.type == b; }};
      }
      default:
        return {"correlation_id IS NOT NULL",
                [](const OwnedEvent& event) { return event.metadata.correlation_id.has_value(); }};
    }
  }

 private:
  template <class T>
  const T& pick(const std::vector<T>& among) {
    return among[random_.below(among.size())];
  }
  void scavenge(MemoryStore& store) {
    for (const StreamId& stream : streams_) {
      if (random_.below(2) == 0) continue;
      (void)store->set_retention(stream, {.events_max = 1 + random_.below(200)});  // or it has no event
    }
    store.settle();
    EXPECT_TRUE(store->scavenge());
    if (random_.below(2) == 0) (void)store->append(pick(streams_), ExpectedRevision::any(), some_event()).value();
  }
  StreamId random_stream() {
    const std::string category = random_.below(3) == 0 ? "account" : random_name(random_, 5);
    return StreamId::parse((random_.below(6) == 0 ? "$" : "") + category + "-" + random_name(random_, 8)).value();
  }
  NewEvent some_event() {
    NewEvent event = random_event(random_);
    event.type = pick(types_);
    if (random_.below(60) == 0) event.data = random_bytes(random_, 20'000);
    // SQLite's JSON functions, which the test reads with, end a string at U+0000.
    for (auto& header : event.metadata.headers) std::erase(header.second, '\0');
    return event;
  }
  std::int64_t number_near(std::size_t end) { return static_cast<std::int64_t>(random_.below(end + 6)) - 3; }
  static std::string quoted(const std::string& text) {
    std::string sql{"'"};
    for (const char c : text) sql += c == '\'' ? "''" : std::string(1, c);
    return sql + "'";
  }
  Condition equal(const char* column, const std::string& value, std::string OwnedEvent::*member) {
    return {fmt::format("{} = {}", column, quoted(value)),
            [=](const OwnedEvent& event) { return event.*member == value; }};
  }

  SeededRandom& random_;
  std::vector<std::string> types_;
  std::vector<StreamId> streams_;
  std::vector<OwnedEvent> events_;
};

TEST(EventsTableProperty, AnyStatementGivesWhatAFilterOverTheLogGives) {
  for (const std::uint64_t seed : seeds(12)) {
    SCOPED_TRACE(seed_note(seed));
    SeededRandom random{seed};
    // From an index that is nearly always written to one that never is.
    const std::size_t pending = 1 + random.below(1'500);
    MemoryStore store{{.id_window = random.below(100), .pending_events_max = pending, .pending_events_min = pending}};
    RandomLog log{store, random};
    ExtensionConnection db{store.disk()};
    for (int round = 0; round < 60; ++round) {
      std::vector<Condition> conditions;
      for (std::size_t n = random.below(4); n > 0; --n) conditions.push_back(log.condition());
      std::string sql = fmt::format("SELECT {} FROM cairn_events", columns);
      for (std::size_t i = 0; i < conditions.size(); ++i) sql += (i == 0 ? " WHERE " : " AND ") + conditions[i].sql;
      std::vector<OwnedEvent> wanted;
      for (const OwnedEvent& event : log.events()) {
        if (std::ranges::all_of(conditions, [&](const Condition& one) { return one.holds(event); })) {
          wanted.push_back(event);
        }
      }
      const auto order = random.below(4);
      if (order == 0) sql += " ORDER BY position";
      if (order == 1) sql += " ORDER BY position DESC";
      if (order == 2) sql += " ORDER BY revision DESC, position";
      if (order == 1) std::ranges::reverse(wanted);
      if (order == 2) {
        std::ranges::stable_sort(wanted, [](const auto& a, const auto& b) { return a.revision > b.revision; });
      }
      if (order < 3 && random.below(2) == 0) {
        const std::size_t limit = random.below(20);
        sql += fmt::format(" LIMIT {}", limit);
        if (wanted.size() > limit) wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(limit), wanted.end());
      }
      std::vector<std::string> expected;
      for (const OwnedEvent& event : wanted) expected.push_back(row_of(event));
      auto answer = db.ask(sql);
      if (order == 3) {  // no order was asked for
        std::ranges::sort(answer.rows);
        std::ranges::sort(expected);
      }
      ASSERT_EQ(answer.code, SQLITE_OK) << answer.error << "\n" << sql;
      ASSERT_EQ(answer.rows, expected) << sql;
    }
  }
}

}  // namespace
}  // namespace cairn::test
