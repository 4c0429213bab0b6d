#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <cairn/core/sql/fault_plan.hpp>

namespace cairn {

/// The one point every I/O call of a MemoryVfs passes: it is counted, shown to the hook and, by plan, made to fail.
/// Thread-safe; without hook and plan it costs two atomic operations.
class VfsGate {
 public:
  using Hook = std::function<void(const IoCall&)>;

  /// Returns how the call is to fail, if it is. `takes_space`: the disk being full would matter to it.
  [[nodiscard]] std::optional<FaultPlan> enter(IoCall call, bool takes_space);

  void set_hook(Hook hook);
  void set_plan(std::optional<FaultPlan> plan);
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t fired() const noexcept { return fired_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] static bool fits(const FaultPlan& plan, const IoCall& call, bool takes_space) noexcept;

  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> fired_{0};
  std::atomic<bool> armed_{false};
  std::mutex mutex_;
  std::shared_ptr<const Hook> hook_;
  std::optional<FaultPlan> plan_;
  std::uint64_t seen_ = 0;
};

}  // namespace cairn
