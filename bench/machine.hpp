#pragma once

#include <filesystem>
#include <string>

namespace cairn::bench {

/// Prints machine, kernel, compiler, SQLite, file system and durability: what absolute numbers depend on.
void print_machine(const std::filesystem::path& directory);

/// Name of the file system that holds `directory` ("ext4", "tmpfs", ...).
[[nodiscard]] std::string file_system_of(const std::filesystem::path& directory);

}  // namespace cairn::bench
