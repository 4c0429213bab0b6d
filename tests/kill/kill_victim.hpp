#pragma once

#include <cstdint>
#include <filesystem>

#include <cairn/cairn.hpp>

namespace cairn::test {

inline constexpr std::uint32_t victim_writers = 4;

/// Settings that make sealing, flushing and checkpoints happen every few appends.
[[nodiscard]] CairnOptions victim_options(const std::filesystem::path& directory);

/// The process that will be killed: appends from several threads without end, in every way there is, and writes an
/// Acknowledgement to `pipe` for each append that returned. Comes back only when something failed.
[[noreturn]] void run_victim(const std::filesystem::path& directory, std::uint32_t round, std::uint64_t seed, int pipe);

}  // namespace cairn::test
