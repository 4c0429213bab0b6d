#pragma once

#include <optional>
#include <utility>
#include <variant>

#include <cairn/core/clock.hpp>
#include <cairn/core/invariant.hpp>

namespace cairn {

/// In the place of a value whose subject was erased.
struct Erased {
  Timestamp at;  ///< when
  friend bool operator==(const Erased&, const Erased&) = default;
};

/// What a sealed value reads as: the value, or that it was erased. Erasure is a fact about the data and no error, so
/// that a projection goes on:
///
///     auto contact = keys.unseal(registered.contact).value();
///     row.email = contact ? contact->email : "(erased)";
template <class T>
class Unsealed {
 public:
  Unsealed(T value) : state_{std::in_place_index<0>, std::move(value)} {}
  Unsealed(Erased erased) : state_{std::in_place_index<1>, erased} {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  /// Of a value that is there; ends the program otherwise.
  [[nodiscard]] const T& operator*() const& {
    check();
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& operator*() && {
    check();
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] const T* operator->() const { return &**this; }
  [[nodiscard]] T value_or(T instead) const { return has_value() ? **this : std::move(instead); }
  [[nodiscard]] std::optional<Erased> erased() const {
    return has_value() ? std::nullopt : std::optional{std::get<1>(state_)};
  }

  friend bool operator==(const Unsealed&, const Unsealed&) = default;

 private:
  void check() const { invariant(has_value(), "an erased value is read"); }

  std::variant<T, Erased> state_;
};

}  // namespace cairn
