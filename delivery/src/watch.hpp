#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include <cairn/core/clock.hpp>
#include <cairn/eventstore/global_position.hpp>

namespace cairn::delivery {

/// Which handler is busy with which event, and since when, for somebody on another thread who wonders. One handler at a
/// time; what is read may be a mixture of two moments, so nothing but a report hangs on it.
class Watch final {
 public:
  struct Busy {
    std::uint64_t handler = 0;  ///< its id
    GlobalPosition position{};
    SteadyTime since{};
    friend bool operator==(const Busy&, const Busy&) = default;
  };

  void begin(std::uint64_t handler, GlobalPosition position, SteadyTime now) noexcept;
  void end() noexcept { handler_.store(0, std::memory_order_release); }
  [[nodiscard]] std::optional<Busy> busy() const noexcept;

 private:
  std::atomic<std::uint64_t> handler_{0};
  std::atomic<std::uint64_t> position_{0};
  std::atomic<SteadyTime::rep> since_{0};
};

}  // namespace cairn::delivery
