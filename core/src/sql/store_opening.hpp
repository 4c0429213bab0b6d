#pragma once

#include <cstddef>
#include <memory>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/database_options.hpp>

#include "sql/connection.hpp"

namespace cairn::sql {

class StoreFile;

/// "Crn1", in the header of every store (https://sqlite.org/fileformat2.html#application_id).
inline constexpr std::uint32_t application_id = 0x43726e31;
/// The layout of the file as a whole, in the header's user version. Tables have their own numbers (Migration).
inline constexpr std::uint32_t file_format = 1;

/// The writer's connection: creates the store when there is none, recovers what a dead owner left, sets what holds
/// for every write. The caller holds the owner's lock.
/// Errors, nothing created or changed: invalid (not a store, another page layout, a newer format), corrupt (first page
/// damaged), unavailable (read-only, I/O), storage_full.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_writer(const StoreFile& store, const DatabaseOptions& options);

/// A reader's connection to a store the writer has open.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_reader(const StoreFile& store, const DatabaseOptions& options);

}  // namespace cairn::sql
