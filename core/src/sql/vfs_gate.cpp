#include "sql/vfs_gate.hpp"

#include <utility>

#include <cairn/core/call_user.hpp>

namespace cairn {

std::string_view to_string(IoOp op) noexcept {
  switch (op) {
    case IoOp::any: return "any";
    case IoOp::open: return "open";
    case IoOp::read: return "read";
    case IoOp::write: return "write";
    case IoOp::truncate: return "truncate";
    case IoOp::sync: return "sync";
    case IoOp::remove: return "remove";
    case IoOp::access: return "access";
    case IoOp::map_shared: return "map_shared";
    case IoOp::rename: return "rename";
  }
  return "unlisted";
}

std::optional<FaultPlan> VfsGate::enter(IoCall call, bool takes_space) {
  call.number = calls_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!armed_.load(std::memory_order_acquire)) return std::nullopt;

  std::unique_lock lock{mutex_};
  if (const auto hook = hook_) {
    lock.unlock();
    if (!call_user("I/O hook of a MemoryVfs", *hook, std::as_const(call))) return FaultPlan{};
    lock.lock();
  }
  if (!plan_ || !fits(*plan_, call, takes_space)) return std::nullopt;
  ++seen_;
  if (seen_ != plan_->at_call && !(plan_->sticky && seen_ > plan_->at_call)) return std::nullopt;
  fired_.fetch_add(1, std::memory_order_relaxed);
  return plan_;
}

void VfsGate::set_hook(Hook hook) {
  const std::lock_guard lock{mutex_};
  hook_ = hook ? std::make_shared<const Hook>(std::move(hook)) : nullptr;
  armed_.store(hook_ || plan_, std::memory_order_release);
}

void VfsGate::set_plan(std::optional<FaultPlan> plan) {
  const std::lock_guard lock{mutex_};
  plan_ = plan;
  if (plan_) {
    seen_ = 0;
    fired_.store(0, std::memory_order_relaxed);
  }
  armed_.store(hook_ || plan_, std::memory_order_release);
}

bool VfsGate::fits(const FaultPlan& plan, const IoCall& call, bool takes_space) noexcept {
  if (plan.only != IoOp::any && plan.only != call.op) return false;
  if (plan.file != FileKind::any && plan.file != call.file) return false;
  switch (plan.kind) {
    case FaultKind::io_error: return true;
    case FaultKind::disk_full: return takes_space;
    case FaultKind::short_write: return call.op == IoOp::write;
    case FaultKind::short_read: return call.op == IoOp::read;
  }
  return false;
}

}  // namespace cairn
