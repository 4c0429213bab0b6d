#include "support/seed.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string_view>

namespace cairn::test {
namespace {

struct Choice {
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> count;
};

std::optional<std::uint64_t> parse(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> from_environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets the environment.
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : parse(text);
}

Choice& choice() {
  static Choice chosen{from_environment("CAIRN_SEED"), from_environment("CAIRN_SEEDS")};
  return chosen;
}

}  // namespace

std::vector<std::uint64_t> seeds(std::uint64_t usual) {
  if (choice().seed) return {*choice().seed};
  std::vector<std::uint64_t> all(choice().count.value_or(usual));
  std::iota(all.begin(), all.end(), std::uint64_t{1});
  return all;
}

std::string seed_note(std::uint64_t seed) { return "replay with --seed " + std::to_string(seed); }

bool take_seed_options(int& argc, char** argv) {
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option{argv[i]};
    if (option != "--seed" && option != "--seeds") {
      argv[kept++] = argv[i];
      continue;
    }
    const auto value = i + 1 < argc ? parse(argv[i + 1]) : std::nullopt;
    if (!value) {
      std::fprintf(stderr, "%s takes a number\n", argv[i]);
      return false;
    }
    (option == "--seed" ? choice().seed : choice().count) = value;
    ++i;
  }
  argc = kept;
  argv[argc] = nullptr;
  return true;
}

}  // namespace cairn::test
