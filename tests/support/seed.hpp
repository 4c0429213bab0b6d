#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::test {

/// The seeds a property test runs: 1 to `usual`. `--seeds N` (or the environment's CAIRN_SEEDS) changes how many,
/// for the long runs; `--seed N` (CAIRN_SEED) runs that one alone, to replay a failure.
/// Wrap each round in `SCOPED_TRACE(seed_note(seed))` so that a failure names its seed.
[[nodiscard]] std::vector<std::uint64_t> seeds(std::uint64_t usual);

/// "replay with --seed 17".
[[nodiscard]] std::string seed_note(std::uint64_t seed);

/// Takes `--seed N` and `--seeds N` out of the command line, which wins over the environment.
/// Returns false, having said why on stderr, when a number is missing or malformed. Called by main() only.
[[nodiscard]] bool take_seed_options(int& argc, char** argv);

}  // namespace cairn::test
