#include "sql/migrator.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <cairn/core/bytes.hpp>
#include <cairn/core/crc32c.hpp>
#include <cairn/core/sql/database.hpp>

#include "sql/group_commit.hpp"

namespace cairn::sql {
namespace {

using Applied = std::map<int, std::uint32_t>;  // number -> checksum of the text

Result<void> check_numbers(std::string_view component, std::span<const Migration> migrations) {
  int expected = 1;
  for (const Migration& migration : migrations) {
    if (migration.number != expected) {
      return Error{Errc::invalid,
                   fmt::format("migrate {}: number {} where {} comes next", component, migration.number, expected)};
    }
    ++expected;
  }
  return {};
}

Result<Applied> read_applied(Database& database, std::string_view component) {
  auto tx = database.read();
  if (!tx) return std::move(tx).error();
  Applied applied;
  auto read = tx->each("SELECT number, checksum FROM schema_migration WHERE component = $1", {component},
                       [&](const Row& row) { applied.emplace(row.get<int>(0), row.get<std::uint32_t>(1)); });
  if (!read) return std::move(read).error();
  return applied;
}

Result<void> apply(Unit& unit, const Clock& clock, std::string_view component, const Migration& migration,
                   std::uint32_t checksum) {
  if (auto done = GroupCommit::exec_script(unit, migration.sql); !done) return done;
  auto noted = unit.exec(
      "INSERT INTO schema_migration(component, number, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)",
      {component, migration.number, migration.name, checksum, clock.now().time_since_epoch().count()});
  if (!noted) return std::move(noted).error();
  return {};
}

}  // namespace

Result<void> migrate(Database& database, const Clock& clock, std::string_view component,
                     std::span<const Migration> migrations) {
  if (auto checked = check_numbers(component, migrations); !checked) return checked;
  auto applied = read_applied(database, component);
  if (!applied) return std::move(applied).error();
  const int newest = static_cast<int>(migrations.size());
  if (!applied->empty() && applied->rbegin()->first > newest) {
    return Error{Errc::invalid, fmt::format("migrate {}: the file has number {}, newer than {}, the newest known here",
                                            component, applied->rbegin()->first, newest)};
  }
  for (const Migration& migration : migrations) {
    const std::uint32_t checksum = crc32c(as_bytes(migration.sql));
    if (const auto found = applied->find(migration.number); found != applied->end()) {
      if (found->second == checksum) continue;
      return Error{Errc::invalid, fmt::format("migrate {}: number {} ({}) was applied with another text", component,
                                              migration.number, migration.name)};
    }
    auto done = database.write([&](Unit& unit) { return apply(unit, clock, component, migration, checksum); });
    if (!done) {
      return Error{done.error().code(), fmt::format("migrate {}: number {} ({}): {}", component, migration.number,
                                                    migration.name, done.error().message())};
    }
  }
  return {};
}

}  // namespace cairn::sql
