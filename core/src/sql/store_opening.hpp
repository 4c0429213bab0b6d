#pragma once

#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_options.hpp>

#include "sql/connection.hpp"

namespace cairn::sql {

class StoreFile;

struct OpenedWriter {
  std::unique_ptr<Connection> connection;
  /// What the write-ahead log holds is on the disk. False when there was no room to make sure: it can be read, and
  /// StoreFile::rewrite_log() must succeed before anything is written.
  bool log_trusted = true;
};

/// The writer's connection: creates the store when there is none, recovers what a dead owner left, sets what holds
/// for every write. The caller holds the owner's lock.
/// Errors, nothing created or changed: invalid (not a store, another page layout, a newer format), corrupt (first page
/// damaged), unavailable (read-only, I/O), storage_full.
[[nodiscard]] Result<OpenedWriter> open_writer(const StoreFile& store, const DatabaseOptions& options);

/// A reader's connection to a store the writer has open.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_reader(const StoreFile& store, const DatabaseOptions& options);

}  // namespace cairn::sql
