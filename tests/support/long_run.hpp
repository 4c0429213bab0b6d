#pragma once

namespace cairn::test {

/// Whether tests are to go through everything instead of a sample of it: the environment's CAIRN_LONG=1.
/// For tests that take minutes then; what they sample otherwise depends on nothing but the seed.
[[nodiscard]] bool long_run();

}  // namespace cairn::test
