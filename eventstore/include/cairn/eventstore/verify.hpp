#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <cairn/eventstore/global_position.hpp>

namespace cairn {

struct VerifyOptions {
  /// Called now and then with events checked so far and in all.
  std::function<void(std::uint64_t checked, std::uint64_t total)> on_progress{};
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
