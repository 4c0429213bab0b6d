#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <cairn/core/error.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/unit.hpp>
#include <cairn/eventstore/global_position.hpp>

namespace cairn::delivery {

/// Why a handler is not run.
struct Pause {
  std::optional<Error> why{};  ///< nothing: somebody wanted it so
  friend bool operator==(const Pause&, const Pause&) = default;
};

/// What is stored of a handler: schema/0001_handler.sql.
struct HandlerRow {
  GlobalPosition position{};
  std::uint64_t suspects = 0;
  GlobalPosition attempt_position{};
  std::uint32_t attempts = 0;
  bool key_asked = false;  ///< of that event, to park it
  std::optional<Pause> paused{};
  friend bool operator==(const HandlerRow&, const HandlerRow&) = default;
};

[[nodiscard]] Result<std::optional<HandlerRow>> read_row(SqlReader& reader, std::string_view name);
/// Writes all of it, whether it was there or not.
Result<void> write_row(Unit& unit, std::string_view name, const HandlerRow& row);

}  // namespace cairn::delivery
