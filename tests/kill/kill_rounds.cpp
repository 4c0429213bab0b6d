// Kills a process that appends, over and over, and checks what it left. Prints the seed of a round that failed.
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

#include <cairn/core/random.hpp>

#include "kill/kill_round.hpp"

namespace {

/// Rounds after which a new store is begun: long enough to grow, short enough to check in no time.
constexpr std::uint32_t rounds_of_a_store = 10;
constexpr std::uint64_t acknowledgements_max = 400;

std::optional<std::uint64_t> number_after(std::string_view option, int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] != option) continue;
    const std::string_view text{argv[i + 1]};
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{}) return value;
  }
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const auto rounds = number_after("--rounds", argc, argv);
  if (!rounds) {
    std::cerr << "usage: cairn_kill_test --rounds N [--seed N]\n";
    return 2;
  }
  const std::uint64_t seed = number_after("--seed", argc, argv).value_or(1);
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("cairn-kill-" + std::to_string(::getpid()));
  std::uint64_t failed = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t events = 0;
  cairn::SeededRandom random{seed};
  for (std::uint64_t first = 0; first < *rounds && failed == 0; first += rounds_of_a_store) {
    std::filesystem::create_directories(directory);
    cairn::test::KilledStore store{directory};
    for (std::uint64_t round = first; round < std::min<std::uint64_t>(first + rounds_of_a_store, *rounds); ++round) {
      const std::uint64_t acknowledgements = 1 + random.below(acknowledgements_max);
      if (const auto wrong = store.round(static_cast<std::uint32_t>(round), random.next(), acknowledgements)) {
        std::cout << "round " << round << " of --seed " << seed << ": " << *wrong << "; the store is in " << directory
                  << '\n';
        ++failed;
        break;
      }
    }
    acknowledged += store.acknowledged();
    events += store.events();
    if (failed == 0) std::filesystem::remove_all(directory);
  }
  std::cout << *rounds << " kills, " << acknowledged << " appends acknowledged, " << events << " events found\n";
  std::cout << (*rounds - failed) << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
