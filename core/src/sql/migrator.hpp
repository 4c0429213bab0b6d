#pragma once

#include <span>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/sql/migration.hpp>

namespace cairn {
class Database;
}

namespace cairn::sql {

/// Database::migrate(): the numbers applied to a file are rows of schema_migration, written with their step.
[[nodiscard]] Result<void> migrate(Database& database, const Clock& clock, std::string_view component,
                                   std::span<const Migration> migrations);

}  // namespace cairn::sql
