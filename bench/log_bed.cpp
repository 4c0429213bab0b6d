#include "log_bed.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "stopwatch.hpp"

namespace cairn::bench {

LogBed::LogBed(std::filesystem::path directory, const Sizes& sizes, bool keep)
    : directory_{std::move(directory)}, sizes_{sizes}, keep_{keep} {
  std::ifstream mark{grown_mark()};
  std::uint64_t events = 0;
  if (keep_ && mark >> events && events == sizes_.growth_events && std::filesystem::exists(file())) {
    grown_ = true;
    return;
  }
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file().string() + suffix);
  std::filesystem::remove(grown_mark());
}

OpenLog& LogBed::log() {
  if (!log_) {
    const bool exists = std::filesystem::exists(file());
    log_.emplace(file());
    if (!exists) create_streams();
  }
  return *log_;
}

OpenLog& LogBed::grown_log() {
  OpenLog& open = log();
  if (!grown_) grow();
  return open;
}

void LogBed::close() {
  if (!log_) return;
  log_->close();
  log_.reset();
}

const StreamNames& LogBed::names() {
  if (!names_) names_.emplace(sizes_.streams);
  return *names_;
}

EventMaker LogBed::new_maker() { return EventMaker{(++makers_ << 40U) + log().store().head().value}; }

void LogBed::create_streams() {
  EventMaker maker = new_maker();
  UniformBatch batch{names(), std::min<std::size_t>(2'000, sizes_.streams)};
  for (std::size_t first = 0; first < sizes_.streams; first += batch.size()) {
    batch.fill_from(maker, first);
    (void)log_->store().append(batch.appends()).value();
  }
}

void LogBed::grow() {
  OpenLog& open = log();
  EventMaker maker = new_maker();
  UniformBatch batch{names(), sizes_.growth_batch};
  const std::uint64_t batches = sizes_.growth_events / batch.size();
  const std::uint64_t batches_per_step = sizes_.growth_step / batch.size();
  const DatabaseStatistics before = open.database().statistics();
  Growth growth;
  const CpuStopwatch cpu_watch;
  std::optional<Stopwatch> step{Stopwatch{}};
  for (std::uint64_t i = 0; i < batches; ++i) {
    batch.fill(maker);
    plant(batch, i, batches);
    const Stopwatch one;
    (void)open.store().append(batch.appends()).value();
    growth.longest_append_ms = std::max(growth.longest_append_ms, one.seconds() * 1e3);
    if ((i + 1) % batches_per_step == 0) {
      growth.events_per_second.push_back(static_cast<double>(sizes_.growth_step) / step->seconds());
      step.emplace();
    }
  }
  const DatabaseStatistics after = open.database().statistics();
  const auto events = static_cast<double>(sizes_.growth_events);
  growth.cpu_us_per_event = cpu_watch.seconds() * 1e6 / events;
  growth.bytes_written_per_event = static_cast<double>(after.bytes_written - before.bytes_written) / events;
  growth.largest_transaction_bytes = static_cast<double>(after.largest_group_bytes);
  growth.wal_peak_bytes = static_cast<double>(after.wal_bytes_peak);
  growth_ = std::move(growth);
  grown_ = true;
  if (keep_) std::ofstream{grown_mark()} << sizes_.growth_events << '\n';
}

/// Sends some of the batch's events to the planted streams: each gets its events evenly over all batches, at most one
/// in a batch, so that they are as far apart in the log as can be.
void LogBed::plant(UniformBatch& batch, std::uint64_t batch_number, std::uint64_t batches) const {
  std::vector<StreamId> planted;
  std::uint64_t phase = 0;
  for (const Sizes::Planted& kind : sizes_.planted) {
    for (std::size_t i = 0; i < kind.streams; ++i) {
      const std::uint64_t at = (batch_number + phase++ * 37) % batches;
      if ((at + 1) * kind.events / batches > at * kind.events / batches)
        planted.push_back(planted_stream(kind.events, i));
    }
  }
  for (std::size_t i = 0; i < planted.size(); ++i) {
    batch.send_to((batch_number * 7 + i * batch.size() / planted.size()) % batch.size(), std::move(planted[i]));
  }
}

}  // namespace cairn::bench
