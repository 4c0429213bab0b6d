#include <cairn/delivery/progress.hpp>

namespace cairn {

std::string_view to_string(HandlerState state) noexcept {
  switch (state) {
    case HandlerState::catching_up: return "catching_up";
    case HandlerState::live: return "live";
    case HandlerState::retrying: return "retrying";
    case HandlerState::paused: return "paused";
    case HandlerState::stopped: break;
  }
  return "stopped";
}

}  // namespace cairn
