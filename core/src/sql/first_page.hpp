#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <cairn/core/result.hpp>

namespace cairn::sql {

class StoreFile;

/// "Crn1", in the header of every store (https://sqlite.org/fileformat2.html#application_id).
inline constexpr std::uint32_t application_id = 0x43726e31;
/// The layout of the file as a whole, in the header's user version. Tables have their own numbers (Migration).
inline constexpr std::uint32_t file_format = 1;

/// The first 100 bytes of a database: https://sqlite.org/fileformat2.html#the_database_header
using DatabaseHeader = std::array<unsigned char, 100>;

/// Errors: invalid, saying why this is not a store that this library can open.
[[nodiscard]] Result<void> check_header(const DatabaseHeader& header, const std::string& name);

/// Whether what SQLite keeps beside the file would give it a first page of ours: the write-ahead log has one (power was
/// lost while a checkpoint wrote it), or the rollback journal has one, or knows that there was none (while the store
/// was made). Then the first page in the file means nothing, and recovery will not change somebody else's database.
[[nodiscard]] bool recovery_brings_our_first_page(const StoreFile& store);

}  // namespace cairn::sql
