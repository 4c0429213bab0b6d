#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <cairn/core/result.hpp>

namespace travel_expenses {

/// What the stock sqlite3 shell answers when it has opened the store read-only and loaded Cairn's extension: an array
/// with an object for each row. Errors: not_found (no such program in PATH), invalid (with what the shell wrote).
[[nodiscard]] cairn::Result<nlohmann::json> ask_sqlite_shell(const std::filesystem::path& store, std::string sql);

}  // namespace travel_expenses
