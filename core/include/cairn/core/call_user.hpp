#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <cxxabi.h>

#include <cairn/core/result.hpp>

namespace cairn {

namespace detail {
/// The Error for user code that threw: handler_failed, "<what>: <reason>".
[[nodiscard]] Error user_code_threw(std::string_view what, std::string_view reason);

template <class R>
struct CallUserResult {
  using type = Result<R>;
};
template <class T>
struct CallUserResult<Result<T>> {
  using type = Result<T>;
};
}  // namespace detail

/// Calls code the library did not write (decide, evolve, on, a task body, a completion) and turns what it
/// throws into handler_failed with the exception's what(); std::bad_alloc, which speaks of the machine and not of the
/// code, into unavailable. `what` says what was attempted and on what: "decide account-42".
///
/// Returns Result<R> for a function that returns R (a returned reference is copied), and the function's own
/// Result<T> as it is when it returns one. Arguments are forwarded; nothing is kept.
/// Every module calls user code through this function, and no other function catches `...`.
template <class F, class... Args>
  requires std::invocable<F, Args...>
auto call_user(std::string_view what, F&& function, Args&&... args) ->
    typename detail::CallUserResult<std::remove_cvref_t<std::invoke_result_t<F, Args...>>>::type {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F, Args...>>) {
      std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
      return {};
    } else {
      return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
    }
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {
    throw;  // pthread_exit or cancellation in user code; glibc ends the process when it is swallowed
#endif
  } catch (const std::bad_alloc&) {
    return Error{Errc::unavailable, "out of memory"};  // short enough to need none
  } catch (const std::exception& thrown) {
    return detail::user_code_threw(what, thrown.what());
  } catch (...) {
    return detail::user_code_threw(what, "threw something that is not a std::exception");
  }
}

}  // namespace cairn
