#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include <cairn/core/error.hpp>
#include <cairn/core/invariant.hpp>

namespace cairn {

/// Thrown by Result::value() on an error. For `main`, tests and examples; the library never calls value().
class BadResult final : public std::runtime_error {
 public:
  explicit BadResult(Error error) : std::runtime_error{error.to_string()}, error_{std::move(error)} {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

template <class T>
class Result;

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;
}  // namespace detail

/// A value or the reason why there is none. Reads like std::expected<T, Error>, except that an Error
/// converts to it, so `return Error{...}` is all a failure takes.
/// `*` and `->` on an error, and error() on a value, are programming mistakes and abort.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  template <class U = T>
    requires(std::constructible_from<T, U &&> && !detail::is_result<std::remove_cvref_t<U>> &&
             !std::same_as<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_{std::in_place_index<0>, std::forward<U>(value)} {}
  Result(Error error) : state_{std::in_place_index<1>, std::move(error)} {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& operator*() & { return checked(); }
  [[nodiscard]] const T& operator*() const& { return checked(); }
  [[nodiscard]] T&& operator*() && { return std::move(checked()); }
  [[nodiscard]] T* operator->() { return &checked(); }
  [[nodiscard]] const T* operator->() const { return &checked(); }

  /// The value, or throws BadResult.
  [[nodiscard]] T& value() & { return require(); }
  [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->require(); }
  [[nodiscard]] T&& value() && { return std::move(require()); }

  template <class U>
  [[nodiscard]] T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& fallback) && {
    return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(fallback));
  }

  [[nodiscard]] const Error& error() const& {
    invariant(!has_value(), "Result::error() called on a value");
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    invariant(!has_value(), "Result::error() called on a value");
    return std::move(*std::get_if<1>(&state_));
  }

  /// `f(value)` must return a Result; an error passes through.
  template <class F>
  auto and_then(F&& f) && -> std::invoke_result_t<F, T&&> {
    if (!has_value()) return std::move(*this).error();
    return std::invoke(std::forward<F>(f), std::move(**this));
  }
  /// `f(value)` returns a plain value (or void); an error passes through.
  template <class F>
  auto transform(F&& f) && -> Result<std::remove_cvref_t<std::invoke_result_t<F, T&&>>>;

 private:
  T& checked() {
    invariant(has_value(), "Result dereferenced on an error");
    return *std::get_if<0>(&state_);
  }
  const T& checked() const { return const_cast<Result*>(this)->checked(); }
  T& require() {
    if (!has_value()) throw BadResult{error()};
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

/// Success, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_{std::move(error)} {}

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  /// Nothing, or throws BadResult.
  void value() const {
    if (error_) throw BadResult{*error_};
  }
  [[nodiscard]] const Error& error() const& {
    invariant(!has_value(), "Result::error() called on a value");
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    invariant(!has_value(), "Result::error() called on a value");
    return std::move(*error_);
  }

  template <class F>
  auto and_then(F&& f) && -> std::invoke_result_t<F> {
    if (!has_value()) return std::move(*this).error();
    return std::invoke(std::forward<F>(f));
  }

 private:
  std::optional<Error> error_;
};

template <class T>
template <class F>
auto Result<T>::transform(F&& f) && -> Result<std::remove_cvref_t<std::invoke_result_t<F, T&&>>> {
  if (!has_value()) return std::move(*this).error();
  if constexpr (std::is_void_v<std::invoke_result_t<F, T&&>>) {
    std::invoke(std::forward<F>(f), std::move(**this));
    return {};
  } else {
    return std::invoke(std::forward<F>(f), std::move(**this));
  }
}

}  // namespace cairn
