#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "event_maker.hpp"
#include "open_log.hpp"
#include "sizes.hpp"
#include "stream_names.hpp"

namespace cairn::bench {

/// What filling the log to its full size showed.
struct Growth {
  std::vector<double> events_per_second{};  ///< of each step
  double bytes_written_per_event = 0;       ///< write-ahead log and file
  double cpu_us_per_event = 0;              ///< making the events included
  double largest_transaction_bytes = 0;
  double longest_append_ms = 0;
  double wal_peak_bytes = 0;
};

/// The one log that most figures are taken from. It starts with all streams in existence, is appended to, grows to
/// full size once, and is then read, closed, opened and killed.
class LogBed {
 public:
  /// With `keep`, a log that an earlier run of the same size left in `directory` is used, and this one is left there.
  LogBed(std::filesystem::path directory, const Sizes& sizes, bool keep);

  /// The open log, at least with all streams in existence.
  [[nodiscard]] OpenLog& log();
  /// The open log at full size; grows it when it has not grown.
  [[nodiscard]] OpenLog& grown_log();
  /// How it grew, when it did so in this run.
  [[nodiscard]] const std::optional<Growth>& growth() const { return growth_; }
  /// Closes the log, so that its file can be looked at or opened by another process.
  void close();

  [[nodiscard]] std::filesystem::path file() const { return directory_ / "log.db"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] const StreamNames& names();
  /// A source of events no other measurement of this log has used.
  [[nodiscard]] EventMaker new_maker();

 private:
  void create_streams();
  void grow();
  void plant(UniformBatch& batch, std::uint64_t batch_number, std::uint64_t batches) const;
  [[nodiscard]] std::filesystem::path grown_mark() const { return directory_ / "log.grown"; }

  std::filesystem::path directory_;
  const Sizes& sizes_;
  bool keep_;
  bool grown_ = false;
  std::optional<StreamNames> names_;
  std::optional<OpenLog> log_;
  std::optional<Growth> growth_;
  std::uint64_t makers_ = 0;
};

}  // namespace cairn::bench
