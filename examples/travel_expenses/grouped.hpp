#pragma once

#include <cstdint>
#include <string>

namespace travel_expenses {

/// 55628 as "55,628", whatever the locale.
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace travel_expenses
