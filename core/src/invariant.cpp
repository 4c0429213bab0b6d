#include <cairn/core/invariant.hpp>

#include <cstdio>
#include <cstdlib>

namespace cairn::detail {

void invariant_failed(std::string_view text, const std::source_location& where) noexcept {
  std::fprintf(stderr, "%s:%u: %s: invariant broken: %.*s\n", where.file_name(), static_cast<unsigned>(where.line()),
               where.function_name(), static_cast<int>(text.size()), text.data());
  std::abort();
}

}  // namespace cairn::detail
