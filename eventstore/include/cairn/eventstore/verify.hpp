#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <cairn/eventstore/global_position.hpp>

namespace cairn {

/// What a verify does, in this order.
enum class VerifyPhase : std::uint8_t { log, stream_index, postings, tables };

struct VerifyProgress {
  VerifyPhase phase = VerifyPhase::log;
  std::uint64_t checked = 0;  ///< events, index entries, rows
  std::uint64_t total = 0;    ///< of this phase; of `tables`, what was checked so far
};

struct VerifyOptions {
  /// Called now and then, on the caller's thread.
  std::function<void(const VerifyProgress&)> on_progress{};
  /// Asked between two short read transactions; verify() then returns `cancelled`.
  std::stop_token stop{};
};

/// What verify found. `first_bad` is empty when the log is as it was written.
struct VerifyReport {
  std::uint64_t events = 0;
  std::uint64_t removed = 0;  ///< positions whose event scavenge has taken out of the log
  std::uint64_t chunks = 0;
  std::uint64_t streams = 0;
  std::uint64_t index_entries = 0;
  std::optional<std::string> first_bad;  ///< "chunk 7, event 1801: checksum 1b2c3d4e, expected 9f8e7d6c"

  [[nodiscard]] bool good() const noexcept { return !first_bad; }
};

}  // namespace cairn
