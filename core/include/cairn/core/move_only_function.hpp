#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <cairn/core/invariant.hpp>

namespace cairn {

/// A callable that owns what it captured and so can only be moved: what queues hold. C++23's
/// std::move_only_function, as far as needed, for compilers that do not have it. One allocation each.
template <class Signature>
class MoveOnlyFunction;

template <class R, class... Args>
class MoveOnlyFunction<R(Args...)> {
 public:
  /// Empty: calling it is a programming mistake and aborts.
  MoveOnlyFunction() = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, MoveOnlyFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  MoveOnlyFunction(F&& function) : target_{std::make_unique<Target<std::decay_t<F>>>(std::forward<F>(function))} {}

  [[nodiscard]] explicit operator bool() const noexcept { return target_ != nullptr; }

  R operator()(Args... args) {
    invariant(target_ != nullptr, "an empty MoveOnlyFunction was called");
    return target_->call(std::forward<Args>(args)...);
  }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual R call(Args... args) = 0;
  };
  template <class F>
  struct Target final : Callable {
    template <class G>
    explicit Target(G&& given) : function(std::forward<G>(given)) {}
    R call(Args... args) override {
      if constexpr (std::is_void_v<R>) {
        std::invoke(function, std::forward<Args>(args)...);
      } else {
        return std::invoke(function, std::forward<Args>(args)...);
      }
    }
    F function;
  };

  std::unique_ptr<Callable> target_;
};

}  // namespace cairn
