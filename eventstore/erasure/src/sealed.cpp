#include <cairn/eventstore/sealed.hpp>

#include <cairn/core/base64.hpp>

namespace cairn::detail {

std::string sealed_to_text(BytesView sealed) { return to_base64(sealed); }

Bytes sealed_from_text(std::string_view text) { return from_base64(text).value_or(Bytes{std::byte{0}}); }

}  // namespace cairn::detail
