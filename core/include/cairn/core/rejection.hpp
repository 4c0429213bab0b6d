#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cairn {

/// One named fact beside a rejection: {"balance", 300}.
struct RejectionDetail {
  using Value = std::variant<std::int64_t, double, std::string>;

  RejectionDetail(std::string_view detail, std::string_view text) : name{detail}, value{std::string{text}} {}
  RejectionDetail(std::string_view detail, const char* text) : RejectionDetail{detail, std::string_view{text}} {}
  RejectionDetail(std::string_view detail, std::integral auto number)
    requires(!std::same_as<decltype(number), bool>)
      : name{detail}, value{static_cast<std::int64_t>(number)} {}
  RejectionDetail(std::string_view detail, std::floating_point auto number)
      : name{detail}, value{static_cast<double>(number)} {}

  std::string name;
  Value value;
  friend bool operator==(const RejectionDetail&, const RejectionDetail&) = default;
};

/// Why the domain says no: a stable code for programs ("account.insufficient_funds") and the facts that whoever has to
/// explain it needs. A value. It travels in an Error of Errc::rejected, see Error::rejection().
class [[nodiscard]] Rejection {
 public:
  explicit Rejection(std::string code, std::vector<RejectionDetail> details = {})
      : code_{std::move(code)}, details_{std::move(details)} {}

  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::vector<RejectionDetail>& details() const noexcept { return details_; }
  /// The detail of that name if it is a T (std::int64_t, double or std::string): `no->detail<std::int64_t>("balance")`.
  template <class T>
  [[nodiscard]] std::optional<T> detail(std::string_view name) const {
    for (const RejectionDetail& one : details_) {
      if (one.name != name) continue;
      if (const T* value = std::get_if<T>(&one.value)) return *value;
    }
    return std::nullopt;
  }
  /// "account.insufficient_funds (balance 300, asked 500)". For people who may see the details.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Rejection&, const Rejection&) = default;

 private:
  std::string code_;
  std::vector<RejectionDetail> details_;
};

}  // namespace cairn
