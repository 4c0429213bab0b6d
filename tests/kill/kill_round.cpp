#include "kill/kill_round.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>
#include <utility>

#include <cairn/cairn.hpp>
#include <cairn/core/sql/database.hpp>

#include "kill/kill_victim.hpp"

namespace cairn::test {
namespace {

std::string name(const BatchKey& key) {
  return "batch " + std::to_string(key.sequence) + " of writer " + std::to_string(key.writer) + " in round " +
         std::to_string(key.round);
}

/// What the log holds of one batch.
struct FoundBatch {
  std::uint64_t first_position = 0;
  std::uint64_t found = 0;
  std::uint64_t size = 0;
};

/// Goes through the log in order: positions and revisions without a gap, batches whole and in one piece.
class LogCheck {
 public:
  [[nodiscard]] Result<void> take(const RecordedEvent& event) {
    const auto wrong = [&](const std::string& what) {
      return Error{Errc::corrupt, "position " + std::to_string(event.position.value) + ": " + what};
    };
    if (event.position.value != ++last_position_) return wrong("expected " + std::to_string(last_position_));
    std::uint64_t& next_revision = next_revisions_[std::string{event.stream}];
    if (event.revision.value != next_revision++) return wrong("a revision is missing");

    std::istringstream data{std::string{as_text(event.data)}};
    BatchKey key;
    std::uint64_t index = 0;
    std::uint64_t size = 0;
    if (!(data >> key.round >> key.writer >> key.sequence >> index >> size))
      return wrong("its data is not what was written");
    FoundBatch& batch = batches_[key];
    if (index == 0) batch = {event.position.value, 0, size};
    if (index != batch.found || event.position.value != batch.first_position + index)
      return wrong(name(key) + " is in pieces");
    ++batch.found;
    return {};
  }

  [[nodiscard]] const std::map<BatchKey, FoundBatch>& batches() const noexcept { return batches_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return last_position_; }

 private:
  std::uint64_t last_position_ = 0;
  std::map<std::string, std::uint64_t> next_revisions_;
  std::map<BatchKey, FoundBatch> batches_;
};

}  // namespace

std::optional<std::string> KilledStore::round(std::uint32_t number, std::uint64_t seed,
                                              std::uint64_t acknowledgements) {
  if (auto wrong = kill_victim(number, seed, acknowledgements)) return wrong;
  return check();
}

std::optional<std::string> KilledStore::kill_victim(std::uint32_t number, std::uint64_t seed,
                                                    std::uint64_t acknowledgements) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return "no pipe";
  const pid_t victim = ::fork();
  if (victim < 0) return "no process";
  if (victim == 0) {
    ::close(ends[0]);
    run_victim(directory_, number, seed, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t heard = 0;
  Acknowledgement acknowledgement;
  // What was told before the kill and is still in the pipe was acknowledged, too.
  while (::read(ends[0], &acknowledgement, sizeof acknowledgement) == sizeof acknowledgement) {
    acknowledged_[acknowledgement.batch] = acknowledgement;
    if (++heard == acknowledgements) ::kill(victim, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(victim, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return "the victim ended by itself";
  return std::nullopt;
}

std::optional<std::string> KilledStore::check() {
  auto cairn = Cairn::open(victim_options(directory_));
  if (!cairn) return "open: " + cairn.error().to_string();
  EventStore& events = (*cairn)->events();
  const auto report = events.verify();
  if (!report) return "verify: " + report.error().to_string();
  if (!report->good()) return "verify: " + *report->first_bad;

  LogCheck log;
  if (auto read = events.read_all().for_each([&](const RecordedEvent& event) { return log.take(event); }); !read) {
    return read.error().to_string();
  }
  events_ = log.events();
  for (const auto& [key, batch] : log.batches()) {
    if (batch.found != batch.size) return name(key) + " is there in part";
  }
  for (const auto& [key, told] : acknowledged_) {
    const auto found = log.batches().find(key);
    if (found == log.batches().end()) return name(key) + " was acknowledged and is lost";
    if (found->second.first_position != told.first_position || found->second.size != told.events) {
      return name(key) + " is not where it was acknowledged";
    }
  }

  // A service goes on writing where it was.
  auto goes_on = (*cairn)->database().write([](Unit& unit) -> Result<std::int64_t> {
    if (auto made = unit.exec("CREATE TABLE IF NOT EXISTS checked (round INTEGER PRIMARY KEY)"); !made) return made;
    return unit.exec("INSERT INTO checked DEFAULT VALUES");
  });
  if (!goes_on) return "write after the kill: " + goes_on.error().to_string();

  std::uint64_t rows = 0;
  std::uint64_t rows_without_events = 0;
  auto transaction = (*cairn)->database().read();
  if (!transaction) return transaction.error().to_string();
  auto counted = transaction->each("SELECT round, writer, sequence FROM batch_row", {}, [&](const Row& row) {
    ++rows;
    const BatchKey key{row.get<std::uint32_t>(0), row.get<std::uint32_t>(1), row.get<std::uint64_t>(2)};
    if (!log.batches().contains(key)) ++rows_without_events;
  });
  if (!counted) return counted.error().to_string();
  if (rows_without_events > 0) return std::to_string(rows_without_events) + " rows are there without their events";
  return std::nullopt;
}

}  // namespace cairn::test
