#include <cstring>
#include <stdexcept>
#include <vector>

#include <cairn/eventstore/snapshots.hpp>

#include "bench_context.hpp"
#include "stopwatch.hpp"
#include "touch.hpp"

namespace cairn::bench {
namespace {

constexpr std::uint64_t stream_events = 10'000;
constexpr std::uint64_t snapshot_every = 100;

struct Measured {
  static constexpr auto type = "bench.measured";
  std::uint64_t sum = 0;
  static Bytes encode(const Measured& event) { return Bytes(data_bytes, std::byte(event.sum & 0xFFU)); }
  static Result<Measured> decode(BytesView data) { return Measured{touch(data)}; }
};

struct Total {
  static constexpr auto type = "bench.total";
  using Event = std::variant<Measured>;
  std::uint64_t sum = 0;
  void evolve(const Measured& event) { sum += event.sum; }
  static Bytes encode(const Total& total) {
    Bytes data(sizeof total.sum);
    std::memcpy(data.data(), &total.sum, sizeof total.sum);
    return data;
  }
  static Result<Total> decode(BytesView data) {
    Total total;
    if (data.size() != sizeof total.sum) return Error{Errc::invalid, "no total"};
    std::memcpy(&total.sum, data.data(), sizeof total.sum);
    return total;
  }
};

void append_with_snapshots(EventStore& store, Snapshots& snapshots, const StreamId& stream) {
  Loaded<Total> loaded;
  std::vector<NewEvent> events;
  while (!loaded.revision || loaded.revision->value + 1 < stream_events) {
    events.clear();
    for (std::uint64_t i = 0; i < snapshot_every; ++i) events.push_back(store.new_event(Measured{i}).value());
    (void)store.append(stream, loaded.expected(), events).value();
    loaded = snapshots.load<Total>(stream).value();
    // All but the last time: what is loaded below is a snapshot and as many events as there can be after it.
    if (loaded.revision->value + 1 < stream_events) (void)snapshots.save_if_due(stream, loaded).value();
  }
}

}  // namespace

/// Loading a long stream from its newest snapshot, over reading that snapshot and the events after it by hand.
void measure_snapshots(BenchContext& context) {
  EventStore& store = context.bed.log().store();
  const StreamId stream{"bench_snapshots-1"};
  Snapshots snapshots{store, {.every_events = snapshot_every}};
  append_with_snapshots(store, snapshots, stream);
  const SnapshotShape shape = snapshot_shape<Total>().value();
  const Total expected = load<Total>(store, stream).value().state;

  const auto by_hand = [&] {
    const Snapshot snapshot = snapshots.newest(stream, shape).value().value();
    Total total = Total::decode(snapshot.data).value();
    store.read_stream(stream, {.from = Revision{snapshot.revision.value + 1}})
        .for_each([&](const RecordedEvent& event) { total.sum += touch(event.data); })
        .value();
    return total;
  };
  const auto microseconds = [&](const auto& read) {
    constexpr int times = 50;
    const Stopwatch watch;
    for (int i = 0; i < times; ++i) {
      if (read().sum != expected.sum) throw std::runtime_error{"a state from a snapshot is not that of its events"};
    }
    return watch.microseconds() / times;
  };
  Rounds parts;
  Rounds from_snapshot;
  Rounds whole;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const double parts_us = microseconds(by_hand);
    const double snapshot_us = microseconds([&] { return snapshots.load<Total>(stream).value().state; });
    const Stopwatch watch;
    (void)load<Total>(store, stream).value();
    const double whole_us = watch.microseconds();
    parts.add(parts_us);
    from_snapshot.add(snapshot_us, snapshot_us / parts_us);
    whole.add(whole_us, whole_us / snapshot_us);
  }
  context.report.add(parts.figure({.name = "snapshot.parts", .unit = "us"}));
  context.report.add(from_snapshot.figure(
      {.name = "snapshot.load", .unit = "us", .limit = "its parts by hand", .goal = Goal::at_most(1.5)}));
  context.report.add(
      whole.figure({.name = "snapshot.without", .unit = "us", .limit = "with a snapshot", .goal = Goal::at_least(1)}));
}

}  // namespace cairn::bench
