#include "support/long_run.hpp"

#include <cstdlib>
#include <string_view>

namespace cairn::test {

bool long_run() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets the environment.
  const char* const text = std::getenv("CAIRN_LONG");
  return text != nullptr && std::string_view{text} == "1";
}

}  // namespace cairn::test
