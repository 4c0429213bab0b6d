#pragma once

#include <optional>

#include <cairn/core/result.hpp>

namespace cairn::test {

/// The code of a failure, or nothing for success.
template <class T>
std::optional<Errc> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional{result.error().code()};
}

}  // namespace cairn::test
