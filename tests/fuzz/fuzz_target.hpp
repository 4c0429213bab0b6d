#pragma once

#include <span>
#include <string>
#include <string_view>

#include <cairn/core/bytes.hpp>

namespace cairn::test {

/// A parser of bytes that somebody else may have made. It may refuse them and must not read outside them; what it
/// takes, it must be able to write again.
struct FuzzTarget {
  std::string_view name;  ///< also the folder of its seeds, below corpus/
  /// What is wrong with the parser; empty when `input` shows nothing.
  std::string (*complaint)(BytesView input);
};

[[nodiscard]] std::span<const FuzzTarget> fuzz_targets();

}  // namespace cairn::test
