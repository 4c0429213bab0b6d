#include "cursor_step.hpp"

#include <fmt/format.h>

#include "log_fetch.hpp"

namespace cairn::log {

void CursorStep::begin() {
  events_.clear();
  drop_fetched();
  snapshot_ = in_unit() ? log_.unit_snapshot() : log_.snapshot();
  auto types = in_unit() ? log_.writer_types() : log_.types();
  categories_ = in_unit() ? log_.writer_categories() : log_.categories();
  if (types != types_) {
    types_ = std::move(types);
    type_names_.clear();
  }
}

Result<void> CursorStep::add(std::uint64_t position, const FrameView& frame) {
  std::string_view type;
  if (in_unit()) {
    type = types_->name_of(frame.type);
  } else {
    if (frame.type > type_names_.size()) types_->published_names(type_names_);
    if (frame.type != 0 && frame.type <= type_names_.size()) type = type_names_[frame.type - 1];
  }
  if (type.empty()) {
    return Error{Errc::corrupt, fmt::format("position {}: event type {} is not in the table", position, frame.type)};
  }
  // Field by field into its place: a replay does this for every event of the log.
  RecordedEvent& event = events_.emplace_back();
  event.position = {position};
  event.stream = frame.stream_name;
  event.revision = {frame.revision};
  event.id = frame.id;
  event.type = type;
  event.schema_version = frame.schema_version;
  event.content_type = frame.content_type;
  event.recorded_at = frame.recorded_at;
  event.data = frame.data;
  event.metadata = MetadataView{frame.metadata};
  return {};
}

Result<std::size_t> CursorStep::load_external(std::span<External> external) {
  std::vector<std::size_t> removed;
  auto done = read([&](SqlReader& reader) -> Result<void> {
    removed.clear();
    LogFetch fetch{reader, snapshot_, buffer_};
    for (External& event : external) {
      auto loaded = fetch.load_external_later(events_[event.index].position.value, event.frame);
      if (!loaded) return std::move(loaded).error();
      if (*loaded) {
        events_[event.index].data = event.frame.data;
      } else {
        removed.push_back(event.index);
      }
    }
    return {};
  });
  if (!done) return std::move(done).error();
  for (auto index = removed.rbegin(); index != removed.rend(); ++index) {
    events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(*index));
  }
  return removed.size();
}

}  // namespace cairn::log
