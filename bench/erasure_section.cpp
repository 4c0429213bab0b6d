#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <cairn/core/codec/json.hpp>
#include <cairn/eventstore/file_key_provider.hpp>
#include <cairn/eventstore/subject_keys.hpp>

#include "bench_context.hpp"
#include "stopwatch.hpp"
#include "touch.hpp"

namespace cairn::bench {

// Outside the unnamed namespace: the functions the macro makes are found by their arguments.
struct BenchContact {
  static constexpr auto type = "bench.contact";
  std::string name;
  std::string email;
  std::string address;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BenchContact, name, email, address)

struct PlainRegistered {
  static constexpr auto type = "bench.plain_registered";
  std::string plan;
  std::string note;
  BenchContact contact;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PlainRegistered, plan, note, contact)

struct SealedRegistered {
  static constexpr auto type = "bench.sealed_registered";
  std::string plan;
  std::string note;
  Sealed<BenchContact> contact;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SealedRegistered, plan, note, contact)

namespace {

constexpr std::size_t events_per_round = 10'000;
constexpr std::size_t batch_events = 100;
constexpr std::size_t subjects = 1'000;

BenchContact contact_of(std::size_t number) {
  return {"Person " + std::to_string(number), "person." + std::to_string(number) + "@example.org",
          "Long Lane " + std::to_string(number % 100)};
}
const std::string note(140, 'n');

/// Appends a round of what `make` makes and gives events a second, their making included.
template <class Make>
double append_round(EventStore& store, const StreamId& stream, Make&& make) {
  const Stopwatch watch;
  std::vector<NewEvent> batch;
  for (std::size_t i = 0; i < events_per_round; i += batch_events) {
    batch.clear();
    for (std::size_t j = 0; j < batch_events; ++j) batch.push_back(store.new_event(make(i + j)).value());
    (void)store.append(stream, ExpectedRevision::any(), batch).value();
  }
  return static_cast<double>(events_per_round) / watch.seconds();
}

/// Reads a stream of one round, with `open` called for each event's contact, and gives events a second.
template <class Event, class Open>
double read_round(EventStore& store, const StreamId& stream, Open&& open) {
  const Stopwatch watch;
  std::size_t read = 0;
  std::uint64_t sum = 0;
  store.read_stream(stream)
      .for_each([&](const RecordedEvent& stored) {
        const Event event = decode<Event>(stored).value();
        sum += touch(as_bytes(open(event.contact).email));
        ++read;
      })
      .value();
  keep(sum);
  if (read != events_per_round) {
    throw std::runtime_error{"stream " + stream.text() + ": " + std::to_string(read) + " of " +
                             std::to_string(events_per_round) + " events read"};
  }
  return static_cast<double>(read) / watch.seconds();
}

}  // namespace

/// Events of some 250 bytes of JSON, a third of it somebody's contact: sealed, over the same in plain.
void measure_erasure(BenchContext& context) {
  EventStore& store = context.bed.log().store();
  const auto master_file = context.bed.directory() / "bench.master";
  const auto key_file = context.bed.directory() / "bench.keys";
  for (const auto& file : {master_file, key_file}) std::filesystem::remove(file);
  FileKeyProvider::create(master_file).value();
  const auto master = FileKeyProvider::open(master_file).value();
  const auto keys = SubjectKeys::open({.file = key_file}, {.master = *master}).value();
  std::vector<SubjectId> people;
  for (std::size_t i = 0; i < subjects; ++i) people.push_back({"person-" + std::to_string(i)});
  (void)keys->prepare(people).value();

  const auto plain = [](std::size_t i) { return PlainRegistered{"gold", note, contact_of(i)}; };
  const auto sealed = [&](std::size_t i) {
    return SealedRegistered{"gold", note, keys->seal(people[i % subjects], contact_of(i)).value()};
  };
  const auto as_it_is = [](const BenchContact& contact) -> const BenchContact& { return contact; };
  const auto unseal = [&](const Sealed<BenchContact>& contact) { return *keys->unseal(contact).value(); };
  Rounds append_plain;
  Rounds append_sealed;
  Rounds read_plain;
  Rounds read_sealed;
  for (int round = 0; round < context.sizes.rounds; ++round) {
    const auto name = [&](const char* kind) {
      return StreamId::parse(std::string{"bench_erasure-"} + kind + std::to_string(round)).value();
    };
    const double plain_appends = append_round(store, name("plain"), plain);
    const double sealed_appends = append_round(store, name("sealed"), sealed);
    append_plain.add(plain_appends);
    append_sealed.add(sealed_appends, sealed_appends / plain_appends);
    const double plain_reads = read_round<PlainRegistered>(store, name("plain"), as_it_is);
    const double sealed_reads = read_round<SealedRegistered>(store, name("sealed"), unseal);
    read_plain.add(plain_reads);
    read_sealed.add(sealed_reads, sealed_reads / plain_reads);
  }
  context.report.add(append_plain.figure({.name = "erasure.append_plain", .unit = "event/s"}));
  context.report.add(append_sealed.figure(
      {.name = "erasure.append", .unit = "event/s", .limit = "in plain", .goal = Goal::at_least(0.6)}));
  context.report.add(read_plain.figure({.name = "erasure.read_plain", .unit = "event/s"}));
  context.report.add(read_sealed.figure(
      {.name = "erasure.read", .unit = "event/s", .limit = "in plain", .goal = Goal::at_least(0.6)}));
}

}  // namespace cairn::bench
