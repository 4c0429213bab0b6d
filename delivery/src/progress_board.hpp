#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/delivery/progress.hpp>

namespace cairn::delivery {

/// Where handlers say how far they are, and others wait for it. Thread-safe.
class ProgressBoard final {
 public:
  void put(const Progress& progress);
  void remove(std::string_view name);
  [[nodiscard]] std::optional<Progress> find(std::string_view name) const;
  [[nodiscard]] std::vector<Progress> all() const;

  /// Waiting ends with `cancelled` while it is closed.
  void close();
  void reopen();
  /// Errors: those of Runner::wait_for.
  Result<void> wait(const Clock& clock, std::string_view name, GlobalPosition position,
                    std::chrono::nanoseconds timeout, const std::stop_token& stop);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any moved_;
  std::map<std::string, Progress, std::less<>> handlers_;
  bool closed_ = false;
};

}  // namespace cairn::delivery
