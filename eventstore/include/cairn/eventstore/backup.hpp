#pragma once

#include <cstdint>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_copy.hpp>
#include <cairn/eventstore/global_position.hpp>

namespace cairn {

/// What a backup holds, or a store that was made of one.
struct BackupReport {
  GlobalPosition position;  ///< of its last event; everything up to here is in it, and nothing after
  std::uint64_t pages = 0;
  std::uint64_t bytes = 0;
};

/// Makes a store of a backup: a file that opens as one, goes on at the next position, and remembers where it comes from
/// (Database::origin()). What is checked, what may go wrong and what is left then: see restore_database. The checksums
/// say that the bytes are those of the backup; EventStore::verify() says more.
[[nodiscard]] Result<BackupReport> restore_backup(const DatabaseRestore& restore);

}  // namespace cairn
