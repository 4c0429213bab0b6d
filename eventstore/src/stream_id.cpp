#include <cairn/eventstore/stream_id.hpp>

#include <fmt/format.h>

#include <cairn/core/name.hpp>

namespace cairn {

Result<StreamId> StreamId::parse(std::string_view text) {
  if (const auto good = check_name("stream name", text); !good) return good.error();
  return StreamId{Checked{}, std::string{text}};
}

Result<StreamId> StreamId::of(std::string_view category, std::string_view key) {
  if (category.empty()) return Error{Errc::invalid, "stream category is empty"};
  if (const auto at = category.find('-'); at != std::string_view::npos) {
    return Error{Errc::invalid, fmt::format("stream category has a '-' at byte {}: it would end there", at)};
  }
  std::string text;
  text.reserve(category.size() + 1 + key.size());
  text.append(category).append(1, '-').append(key);
  return parse(text);
}

}  // namespace cairn
