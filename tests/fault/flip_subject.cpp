#include "fault/flip_subject.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <cairn/core/crc32c.hpp>
#include <cairn/core/simulated_clock.hpp>
#include <cairn/core/sql/database.hpp>

#include "support/memory_store.hpp"

namespace cairn::test {
namespace {

const StreamId wide{"wide-1"};

DatabaseOptions options_on(MemoryVfs& disk) {
  return {.file = "store.db", .writer = WriterMode::stepped, .memory = &disk, .readers = 2};
}

EventStoreOptions log_options() {
  return {.stream_cache_entries = 4, .index_all_ids = true, .pending_events_max = 50, .pending_events_min = 10};
}

/// Every field of every event, as a number in text.
class Digest {
 public:
  void add(const RecordedEvent& event) {
    crc_ = crc32c(as_bytes(event.stream), crc_);
    crc_ = crc32c(as_bytes(event.type), crc_);
    crc_ = crc32c(event.data, crc_);
    crc_ = crc32c(event.metadata.encoded(), crc_);
    crc_ = crc32c(event.id.bytes(), crc_);
    const std::array<std::uint64_t, 4> numbers{
        event.position.value, event.revision.value, event.schema_version,
        static_cast<std::uint64_t>(event.recorded_at.time_since_epoch().count())};
    crc_ = crc32c(std::as_bytes(std::span{numbers}), crc_);
    ++events_;
  }
  [[nodiscard]] std::string text() const { return std::to_string(events_) + " events " + std::to_string(crc_); }

 private:
  std::uint32_t crc_ = 0;
  std::uint64_t events_ = 0;
};

std::string digest_of(Reader reader) {
  Digest digest;
  const auto done = reader.for_each([&](const RecordedEvent& event) { digest.add(event); });
  return done ? digest.text() : "";
}

/// A fresh append stands right after the log as it was, wherever that ends: an append before may have failed.
std::string text_of(const Result<Appended>& place, GlobalPosition head_before) {
  if (!place) return "";
  const std::string revision = std::to_string(place->first_revision.value);
  if (place->repeated) return revision + " again at " + std::to_string(place->first_position.value);
  return revision + (place->first_position.value == head_before.value + 1 ? " at the end" : " elsewhere");
}

void ask_store(EventStore& store, StoreAnswers& answers) {
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    const std::string way = direction == Direction::forward ? " forward" : " backward";
    const auto all = [&](EventFilter filter) {
      return digest_of(store.read_all({.direction = direction, .filter = std::move(filter)}));
    };
    answers["read_all" + way] = all({.system = true});
    answers["category" + way] = all({.category = "narrow"});
    answers["type" + way] = all({.query = EventQuery::types({"item.moved"})});
    answers["tag" + way] = all({.query = EventQuery::tags({"shelf:3"})});
    answers["read_stream" + way] = digest_of(store.read_stream(wide, {.direction = direction}));
    answers["read_stream of one" + way] =
        digest_of(store.read_stream(StreamId{"narrow-300"}, {.direction = direction}));
    answers["read_stream of none" + way] = digest_of(store.read_stream(StreamId{"nobody"}, {.direction = direction}));
  }
  const auto head = store.stream_head(wide);
  answers["stream_head"] = head ? std::to_string(head->value_or(Revision{999'999}).value) : "";
  const std::array<Uuid, 3> ids{event_id(1), event_id(500), event_id(999'999)};
  if (const auto found = store.resolve(ids)) {
    for (const auto& position : *found)
      answers["resolve"] += std::to_string(position.value_or(GlobalPosition{}).value) + " ";
  } else {
    answers["resolve"] = "";
  }
  const auto report = store.verify();
  answers["verify"] = report && report->good() ? std::to_string(report->index_entries) + " entries" : "";

  // Last, because it changes the log: repeats, what must be refused, fresh events, and what stands there then.
  const auto repeated = store.append(wide, ExpectedRevision::no_stream(), make_event(1));
  answers["append again"] = text_of(repeated, store.head());
  const auto refused = store.append(StreamId{"narrow-7"}, ExpectedRevision::no_stream(), make_event(700'000));
  answers["append against"] = refused                                    ? "taken"
                              : refused.error().code() == Errc::conflict ? refused.error().message()
                                                                         : "";
  const NewEvent event = make_event(700'001);
  const auto known = store.append_if({.fail_if_exists = EventQuery::tags({"item:444"})},
                                     {StreamId{"fresh-1"}, ExpectedRevision::any(), {&event, 1}});
  answers["append_if"] = known ? "taken" : known.error().code() == Errc::already_exists ? known.error().message() : "";
  GlobalPosition head_before = store.head();
  const auto appended = store.append(wide, ExpectedRevision::any(), make_event(800'000));
  answers["append"] = text_of(appended, head_before);
  head_before = store.head();
  const auto created = store.append(StreamId{"fresh-2"}, ExpectedRevision::no_stream(), make_event(800'001));
  answers["append to a new stream"] = text_of(created, head_before);
  if (appended && created) {
    answers["read_all later"] = digest_of(store.read_all());
    answers["read_stream later"] = digest_of(store.read_stream(wide));
  }
}

}  // namespace

FlipSubject::FlipSubject() {
  auto disk = MemoryVfs::create();
  SimulatedClock clock;
  {
    auto database = Database::open(options_on(*disk), {.clock = &clock}).value();
    auto store = EventStore::open(*database, log_options(), {.clock = &clock}).value();
    std::uint64_t number = 0;
    const auto make = [&](std::uint64_t n) {
      NewEvent event = make_event(n, n % 4 == 0 ? "item.moved" : "item.counted");
      // Many tags, so that the index of them has more than one page.
      event.metadata.tags = {"shelf:" + std::to_string(n % 7), "item:" + std::to_string(n)};
      if (n % 200 == 0) event.data.resize(20'000, std::byte{9});
      return event;
    };
    for (int i = 0; i < 10; ++i) (void)store->append(wide, ExpectedRevision::any(), make(++number)).value();
    // Names long enough for their index to have more than one page.
    for (int stream = 0; stream < 500; ++stream) {
      const auto name = StreamId::of("narrow", std::to_string(stream)).value();
      (void)store->append(name, ExpectedRevision::no_stream(), make(++number)).value();
      if (stream % 5 == 0) (void)store->append(wide, ExpectedRevision::any(), make(++number)).value();
    }
    while (database->step(1).value()) {
    }
    store.reset();
    database->close().value();
  }
  file_ = *disk->read_file("store.db");
  find_pages(*disk);
  answers_ = ask(*disk);
}

// By SQLite's own account of its pages (https://sqlite.org/dbstat.html); those it does not list are pointer maps, which
// incremental vacuum needs, and free pages.
void FlipSubject::find_pages(MemoryVfs& disk) {
  auto database = Database::open(options_on(disk)).value();
  auto tx = database->read().value();
  pages_["pointer map"] = 2;
  tx.each("SELECT name || ' ' || pagetype, max(pageno) FROM dbstat WHERE pageno > 1 GROUP BY name, pagetype", {},
          [&](const Row& row) { pages_[std::string{row.text(0)}] = row.get<std::uint32_t>(1); })
      .value();
}

StoreAnswers FlipSubject::ask(MemoryVfs& image) {
  SimulatedClock clock;
  StoreAnswers answers;
  auto database = Database::open(options_on(image), {.clock = &clock});
  if (!database) return answers;
  auto store = EventStore::open(**database, log_options(), {.clock = &clock});
  if (!store) return answers;
  ask_store(**store, answers);
  return answers;
}

std::string FlipSubject::undetected(MemoryVfs& image) const {
  for (const auto& [call, answer] : ask(image)) {
    const auto right = answers_.find(call);
    if (answer.empty() || (right != answers_.end() && right->second == answer)) continue;
    std::string wrong = call;
    wrong.append(": ").append(answer).append(", undamaged: ");
    return wrong.append(right == answers_.end() ? "no such answer" : right->second);
  }
  return {};
}

}  // namespace cairn::test
