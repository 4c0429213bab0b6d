#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lane.hpp"

namespace cairn::delivery {

/// What one unit did.
struct Lane::Slice {
  struct Failed {
    std::size_t handler = 0;
    GlobalPosition at{};
    LetterAttempt attempt{};
  };

  GlobalPosition first{};    ///< the first event handed out
  GlobalPosition through{};  ///< all up to here was handed out
  std::uint64_t events = 0;  ///< handed out
  std::vector<HandlerRow> rows{};
  // By handler.
  std::vector<bool> has_parked{};
  std::vector<std::uint64_t> handled{};
  std::vector<std::uint64_t> parked{};
  std::optional<Failed> failed{};
};

}  // namespace cairn::delivery
