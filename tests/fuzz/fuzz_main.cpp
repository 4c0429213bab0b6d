#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/fuzz_target.hpp"

/// libFuzzer's way in, one program a target: https://llvm.org/docs/LibFuzzer.html
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto targets = cairn::test::fuzz_targets();
  static const auto target = std::ranges::find(targets, CAIRN_FUZZ_TARGET, &cairn::test::FuzzTarget::name);
  if (target == targets.end()) {
    std::fprintf(stderr, "no target %s\n", CAIRN_FUZZ_TARGET);
    std::abort();
  }
  const auto complaint = target->complaint({reinterpret_cast<const std::byte*>(data), size});
  if (!complaint.empty()) {
    std::fprintf(stderr, "%s: %s\n", CAIRN_FUZZ_TARGET, complaint.c_str());
    std::abort();
  }
  return 0;
}
