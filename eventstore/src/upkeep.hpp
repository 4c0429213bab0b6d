#pragma once

#include <atomic>

#include "sqlite_log.hpp"

namespace cairn::log {

/// A turn at what must not run beside another of its kind; whether it was had is asked at once.
class Upkeep {
 public:
  explicit Upkeep(const SqliteLog& log) noexcept : busy_{log.upkeep()}, had_{!busy_.exchange(true)} {}
  ~Upkeep() {
    if (had_) busy_.store(false);
  }
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;
  [[nodiscard]] bool had() const noexcept { return had_; }

 private:
  std::atomic<bool>& busy_;
  const bool had_;
};

}  // namespace cairn::log
