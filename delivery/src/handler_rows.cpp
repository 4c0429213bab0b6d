#include "handler_rows.hpp"

#include <string>
#include <tuple>

namespace cairn::delivery {

Result<std::optional<HandlerRow>> read_row(SqlReader& reader, std::string_view name) {
  auto stored = reader.first<std::uint64_t, std::uint64_t, std::uint64_t, std::uint32_t, std::int64_t,
                             std::optional<std::string>, std::string>(
      "SELECT position, suspects, attempt_position, attempts, key_asked, paused, paused_message "
      "FROM delivery_handler WHERE name = $1",
      {name});
  if (!stored) return std::move(stored).error();
  if (!*stored) return std::optional<HandlerRow>{};
  const auto& [position, suspects, attempt_position, attempts, key_asked, paused, message] = **stored;
  HandlerRow row{.position = {position},
                 .suspects = suspects,
                 .attempt_position = {attempt_position},
                 .attempts = attempts,
                 .key_asked = key_asked != 0};
  if (paused) row.paused.emplace();
  // A class that a newer version knows is none that this one could react to.
  if (paused && !paused->empty()) row.paused->why = Error{errc_from(*paused).value_or(Errc::handler_failed), message};
  return std::optional{std::move(row)};
}

Result<void> write_row(Unit& unit, std::string_view name, const HandlerRow& row) {
  std::optional<std::string_view> paused;
  std::optional<std::string_view> message;
  if (row.paused) paused = "";
  if (row.paused && row.paused->why) {
    paused = to_string(row.paused->why->code());
    message = row.paused->why->message();
  }
  auto written = unit.exec(
      "INSERT INTO delivery_handler "
      "(name, position, suspects, attempt_position, attempts, key_asked, paused, paused_message) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO UPDATE SET "
      "position = excluded.position, suspects = excluded.suspects, attempt_position = excluded.attempt_position, "
      "attempts = excluded.attempts, key_asked = excluded.key_asked, paused = excluded.paused, "
      "paused_message = excluded.paused_message",
      {name, row.position.value, row.suspects, row.attempt_position.value, row.attempts, row.key_asked ? 1 : 0, paused,
       message});
  if (!written) return std::move(written).error();
  return {};
}

}  // namespace cairn::delivery
