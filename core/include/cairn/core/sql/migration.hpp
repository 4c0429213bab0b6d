#pragma once

#include <string_view>

namespace cairn {

/// One numbered step of a component's schema. Numbers start at 1 and have no gaps; text never changes once
/// released (its checksum is kept and compared).
struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

}  // namespace cairn
