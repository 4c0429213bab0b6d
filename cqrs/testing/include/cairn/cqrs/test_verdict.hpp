#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace cairn {

namespace detail {
// What a test framework's own "yes, or no because" looks like; testing::AssertionResult is one.
template <class T>
concept AssertionLike = std::constructible_from<T, bool> && requires(T result, const T& done, const std::string& text) {
  { result << text } -> std::same_as<T&>;
  { done.message() } -> std::convertible_to<const char*>;
};
}  // namespace detail

/// Whether what a test claimed holds, and if not, why not, in lines for people. Knows no test framework: ask it in an
/// `if`, or hand it to EXPECT_TRUE, which then prints the message.
class [[nodiscard]] TestVerdict {
 public:
  [[nodiscard]] static TestVerdict holds() { return TestVerdict{true, {}}; }
  [[nodiscard]] static TestVerdict fails(std::string why) { return TestVerdict{false, std::move(why)}; }

  [[nodiscard]] explicit operator bool() const noexcept { return holds_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  template <detail::AssertionLike T>
  operator T() const {
    T result{holds_};
    result << message_;
    return result;
  }

 private:
  TestVerdict(bool holds, std::string message) : holds_{holds}, message_{std::move(message)} {}

  bool holds_;
  std::string message_;
};

}  // namespace cairn
