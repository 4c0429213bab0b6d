#include <cairn/core/call_user.hpp>

#include <string>

namespace cairn::detail {

Error user_code_threw(std::string_view what, std::string_view reason) {
  std::string message{what};
  message += ": ";
  message += reason;
  return Error{Errc::handler_failed, std::move(message)};
}

}  // namespace cairn::detail
