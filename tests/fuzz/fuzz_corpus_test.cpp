#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "fuzz/fuzz_target.hpp"
#include "support/seed.hpp"

namespace cairn::test {

void PrintTo(const FuzzTarget& target, std::ostream* out) { *out << target.name; }

namespace {

namespace fs = std::filesystem;

std::vector<Bytes> corpus_of(std::string_view target) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{fs::path{CAIRN_FUZZ_CORPUS} / target}) files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Bytes> inputs;
  for (const fs::path& file : files) {
    std::ifstream in{file, std::ios::binary};
    inputs.push_back(to_bytes(std::string{std::istreambuf_iterator<char>{in}, {}}));
  }
  return inputs;
}

std::string hex(BytesView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte) >> 4U];
    text += digits[std::to_integer<std::size_t>(byte) & 15U];
  }
  return text;
}

/// One of the small changes that parsers trip over.
void mutate(Bytes& input, const std::vector<Bytes>& corpus, Random& random) {
  constexpr std::array<int, 9> telling{0, 1, 2, 4, 5, 0x7f, 0x80, 0xc0, 0xff};
  const auto place = [&] { return static_cast<std::ptrdiff_t>(random.below(input.size() + 1)); };
  const auto at = [&] { return random.below(input.size()); };
  const std::uint64_t kind = random.below(input.empty() ? 2 : 7);
  switch (kind) {
    case 0: {
      const std::byte made{static_cast<std::uint8_t>(telling[random.below(telling.size())])};
      input.insert(input.begin() + place(), random.below(4) + 1, made);
      return;
    }
    case 1: {  // a piece of another input
      const Bytes& other = corpus[random.below(corpus.size())];
      const std::size_t from = random.below(other.size() + 1);
      const std::size_t size = random.below(other.size() - from + 1);
      const auto begin = other.begin() + static_cast<std::ptrdiff_t>(from);
      input.insert(input.begin() + place(), begin, begin + static_cast<std::ptrdiff_t>(size));
      return;
    }
    case 2: input[at()] ^= std::byte{static_cast<std::uint8_t>(1U << random.below(8))}; return;
    case 3: input[at()] = std::byte{static_cast<std::uint8_t>(telling[random.below(telling.size())])}; return;
    case 4: input[at()] = static_cast<std::byte>(random.below(256)); return;
    case 5: input.resize(at()); return;
    default: {
      const auto from = static_cast<std::ptrdiff_t>(at());
      const auto left = input.size() - static_cast<std::size_t>(from);
      input.erase(input.begin() + from, input.begin() + from + static_cast<std::ptrdiff_t>(random.below(left) + 1));
    }
  }
}

class FuzzCorpus : public testing::TestWithParam<FuzzTarget> {};

TEST_P(FuzzCorpus, ShowsNothingWrong) {
  const std::vector<Bytes> corpus = corpus_of(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  for (const Bytes& input : corpus) {
    EXPECT_EQ(GetParam().complaint(input), "") << hex(input);
  }
}

TEST_P(FuzzCorpus, ShowsNothingWrongWithSmallChanges) {
  const std::vector<Bytes> corpus = corpus_of(GetParam().name);
  for (const std::uint64_t seed : seeds(2'000)) {
    SeededRandom random{seed};
    Bytes input = corpus[random.below(corpus.size())];
    for (std::uint64_t changes = random.below(6) + 1; changes > 0; --changes) mutate(input, corpus, random);
    ASSERT_EQ(GetParam().complaint(input), "") << seed_note(seed) << ": " << hex(input);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, FuzzCorpus, testing::ValuesIn(fuzz_targets().begin(), fuzz_targets().end()),
                         [](const auto& target) { return std::string{target.param.name}; });

}  // namespace
}  // namespace cairn::test
