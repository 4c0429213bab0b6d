#pragma once

#include <optional>
#include <utility>

#include <cairn/core/sql/database.hpp>

namespace cairn {

template <class F, class R>
class Database::WaitingUnit final : public QueuedUnit {
 public:
  WaitingUnit(F& function, std::size_t size_bytes) : function_{function}, size_bytes_{size_bytes + sizeof(*this)} {}

  Result<void> run(Unit& unit) override {
    result_.reset();
    result_.emplace(call_user("unit", function_, unit));
    if (!result_->has_value()) return result_->error();
    return {};
  }
  void finished(Result<void>) override {}
  [[nodiscard]] std::size_t size_bytes() const override { return size_bytes_; }

  R take() { return std::move(*result_); }

 private:
  F& function_;
  std::size_t size_bytes_;
  std::optional<R> result_;
};

template <class F>
auto Database::run_waiting(F& function, std::size_t size_bytes, Turn turn) {
  using R = decltype(call_user("unit", function, std::declval<Unit&>()));
  WaitingUnit<F, R> unit{function, size_bytes};
  if (auto outcome = run_blocking(unit, turn); !outcome) return R{std::move(outcome).error()};
  return unit.take();
}

template <class F>
auto Database::write(F&& f, std::size_t size_bytes) -> decltype(call_user("unit", std::forward<F>(f), std::declval<Unit&>())) {
  return run_waiting<std::remove_reference_t<F>>(f, size_bytes, Turn::usual);
}

template <class F>
auto Database::write_background(F&& f) -> decltype(call_user("unit", std::forward<F>(f), std::declval<Unit&>())) {
  return run_waiting<std::remove_reference_t<F>>(f, 0, Turn::background);
}

}  // namespace cairn
