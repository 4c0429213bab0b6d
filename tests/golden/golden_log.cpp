#include "golden/golden_log.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>

#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/snapshots.hpp>

#include "support/memory_store.hpp"

namespace cairn::test {
namespace {

constexpr std::uint64_t events = 600;  // two chunks and a tail

constexpr std::array<const char*, 5> streams{"account-1", "account-2", "account-3", "order-Ångström", "$system-jobs"};
constexpr std::array<const char*, 3> types{"account.deposited", "account.withdrawn", "account.note"};
constexpr std::array contents{ContentType::json, ContentType::protobuf, ContentType::binary};

Bytes data_of(std::uint64_t number) {
  if (number % 97 == 13) return {};
  // 20,000 bytes are more than a frame takes.
  const std::size_t size = number % 211 == 100 ? 20'000 : 20 + number % 40;
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::byte>((number * 31 + i * 7) % 256);
  return data;
}

NewEvent event_of(std::uint64_t number) {
  NewEvent event = make_event(number, types[number % types.size()]);
  event.schema_version = static_cast<std::uint32_t>(1 + number / 300);
  event.content_type = contents[number % contents.size()];
  event.data = data_of(number);
  if (number % 3 == 0) event.metadata.correlation_id = event_id(10'000 + number);
  if (number % 4 == 0) event.metadata.causation_id = event_id(20'000 + number);
  // Before and after 1970.
  if (number % 5 == 0)
    event.metadata.occurred_at = Timestamp{std::chrono::hours{24} * (static_cast<int>(number) - 300)};
  if (number % 10 == 0) event.metadata.tags = {"owner:ann", "batch:" + std::to_string(number / 100)};
  if (number % 50 == 7) event.metadata.headers = {{"traceparent", "00-Ünï\ncode"}, {"empty", ""}};
  return event;
}

}  // namespace

StreamId golden_snapshot_stream() { return StreamId{"account-3"}; }

Snapshot golden_snapshot() {
  return {.shape = {.kind = "golden", .schema_hash = 1}, .revision = Revision{9}, .data = to_bytes("ten")};
}

GoldenLog::GoldenLog() {
  for (std::uint64_t number = 1; number <= events;) {
    const std::uint64_t size = number % 7 == 0 ? 5 : 1;
    Append append{.stream = StreamId::parse(streams[number % streams.size()]).value(), .events = {}};
    for (std::uint64_t i = 0; i < size; ++i) append.events.push_back(event_of(number + i));
    number += size;
    appends_.push_back(std::move(append));
  }
}

std::vector<OwnedEvent> GoldenLog::recorded(Timestamp started) const {
  std::vector<OwnedEvent> all;
  std::map<std::string, std::uint64_t> next;
  Timestamp now = started;
  for (const GoldenLog::Append& append : appends_) {
    now += std::chrono::milliseconds{1};
    for (const NewEvent& event : append.events) {
      OwnedEvent made;
      made.position = GlobalPosition{all.size() + 1};
      made.stream = append.stream.text();
      made.revision = Revision{next[append.stream.text()]++};
      made.id = event.id;
      made.type = event.type;
      made.schema_version = event.schema_version;
      made.content_type = event.content_type;
      made.recorded_at = now;
      made.data = event.data;
      made.metadata = event.metadata;
      all.push_back(std::move(made));
    }
  }
  return all;
}

std::unique_ptr<MemoryVfs> write_golden_store() {
  MemoryStore store{{.pending_events_max = 200, .pending_events_min = 100}};
  const GoldenLog log;
  const std::size_t count = log.appends().size();
  for (std::size_t i = 0; i < count; ++i) {
    const GoldenLog::Append& append = log.appends()[i];
    store.clock().advance(std::chrono::milliseconds{1});
    (void)store->append(append.stream, ExpectedRevision::any(), append.events).value();
    if (i + 100 == count) store.settle();
    if (i + 8 == count) store.reopen();
  }
  Snapshots{*store}.save(golden_snapshot_stream(), golden_snapshot()).value();
  return store.disk().clone();
}

}  // namespace cairn::test
