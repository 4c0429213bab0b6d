#include "kill/kill_victim.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <cairn/core/random.hpp>
#include <cairn/core/sql/database.hpp>

#include "kill/acknowledgement.hpp"

namespace cairn::test {
namespace {

[[noreturn]] void give_up(const std::string& why) {
  static_cast<void>(std::fprintf(stderr, "victim: %s\n", why.c_str()));
  std::_Exit(3);
}

/// One thread's appends. The data of each event says which batch it belongs to, its place there and the batch's size.
class VictimWriter {
 public:
  VictimWriter(Cairn& cairn, std::uint32_t round, std::uint32_t writer, std::uint64_t seed, int pipe)
      : events_{cairn.events()},
        database_{cairn.database()},
        batch_{.round = round, .writer = writer},
        random_{seed * victim_writers + writer},
        pipe_{pipe},
        own_{StreamId::of("own", std::to_string(writer)).value()} {
    const auto head = events_.stream_head(own_);
    if (!head) give_up(head.error().to_string());
    if (*head) own_next_ = (*head)->value + 1;
  }

  void run() {
    for (;; ++batch_.sequence) {
      switch (random_.below(5)) {
        case 0: single(); break;
        case 1: batch(); break;
        case 2: two_streams(); break;
        case 3: conditional(); break;
        default: unit_with_a_row();
      }
    }
  }

 private:
  std::vector<NewEvent> make(std::uint64_t first, std::uint64_t count, std::uint64_t of) {
    std::vector<NewEvent> events;
    for (std::uint64_t i = first; i < first + count; ++i) {
      const std::string data = std::to_string(batch_.round) + ' ' + std::to_string(batch_.writer) + ' ' +
                               std::to_string(batch_.sequence) + ' ' + std::to_string(i) + ' ' + std::to_string(of);
      events.push_back(events_.new_event("kill.written", as_bytes(data)));
      if (random_.below(50) == 0) events.back().data.resize(20'000, std::byte{' '});
    }
    return events;
  }

  void tell(const Result<Appended>& appended, std::uint64_t events) {
    if (!appended) give_up(appended.error().to_string());
    tell(appended->first_position, events);
  }
  void tell(GlobalPosition first, std::uint64_t events) const {
    const Acknowledgement acknowledgement{batch_, first.value, events};
    if (::write(pipe_, &acknowledgement, sizeof acknowledgement) != sizeof acknowledgement) give_up("pipe");
  }

  [[nodiscard]] ExpectedRevision own_expected() const {
    return own_next_ == 0 ? ExpectedRevision::no_stream() : ExpectedRevision::exactly(own_next_ - 1);
  }

  StreamId shared_stream() { return StreamId::of("shared", std::to_string(random_.below(40))).value(); }

  void single() { tell(events_.append(shared_stream(), ExpectedRevision::any(), make(0, 1, 1)), 1); }

  void batch() {
    const std::uint64_t count = random_.below(20) == 0 ? 600 : 1 + random_.below(40);
    tell(events_.append(own_, own_expected(), make(0, count, count)), count);
    own_next_ += count;
  }

  void two_streams() {
    const auto first = make(0, 2, 3);
    const auto second = make(2, 1, 3);
    const std::array streams{StreamAppend{own_, own_expected(), first},
                             StreamAppend{StreamId{"both-1"}, ExpectedRevision::any(), second}};
    const auto landed = events_.append(streams);
    if (!landed) give_up(landed.error().to_string());
    tell(landed->front().first_position, 3);
    own_next_ += 2;
  }

  void conditional() {
    auto events = make(0, 1, 1);
    const std::string tag = "once:" + std::to_string(batch_.round) + ':' + std::to_string(batch_.writer) + ':' +
                            std::to_string(batch_.sequence);
    events.front().metadata.tags = {tag};
    tell(events_.append_if({.fail_if_match = EventQuery::tags({tag})}, {.stream = shared_stream(), .events = events}),
         1);
  }

  void unit_with_a_row() {
    const auto events = make(0, 2, 2);
    const StreamId stream = shared_stream();
    tell(database_.write([&](Unit& unit) -> Result<Appended> {
      auto row = unit.exec("INSERT INTO batch_row (round, writer, sequence) VALUES ($1, $2, $3)",
                           {batch_.round, batch_.writer, batch_.sequence});
      if (!row) return std::move(row).error();
      return events_.append(unit, stream, ExpectedRevision::any(), events);
    }),
         2);
  }

  EventStore& events_;
  Database& database_;
  BatchKey batch_;
  SeededRandom random_;
  int pipe_;
  StreamId own_;
  std::uint64_t own_next_ = 0;
};

}  // namespace

CairnOptions victim_options(const std::filesystem::path& directory) {
  CairnOptions options;
  options.file = directory / "store.db";
  options.database.checkpoint_pages = 200;
  options.events.pending_events_min = 256;
  options.events.pending_events_max = 1'024;
  options.events.stream_cache_entries = 16;
  return options;
}

void run_victim(const std::filesystem::path& directory, std::uint32_t round, std::uint64_t seed, int pipe) {
  auto cairn = Cairn::open(victim_options(directory));
  if (!cairn) give_up(cairn.error().to_string());
  auto table = (*cairn)->database().write([](Unit& unit) -> Result<void> {
    auto made = unit.exec("CREATE TABLE IF NOT EXISTS batch_row (round INTEGER, writer INTEGER, sequence INTEGER)");
    if (!made) return std::move(made).error();
    return {};
  });
  if (!table) give_up(table.error().to_string());
  std::vector<std::jthread> threads;
  for (std::uint32_t writer = 0; writer < victim_writers; ++writer) {
    threads.emplace_back([&, writer] { VictimWriter{**cairn, round, writer, seed, pipe}.run(); });
  }
  threads.clear();
  give_up("the writers came to an end");
}

}  // namespace cairn::test
