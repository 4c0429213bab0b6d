#include "encoded_append.hpp"

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cairn/core/name.hpp>

#include "frame.hpp"
#include "index_key.hpp"
#include "metadata_codec.hpp"

namespace cairn::log {

namespace {

Error refused(std::string_view stream, std::size_t index, const NewEvent& event, std::string_view why) {
  return Error{Errc::invalid, fmt::format("append {}: event {} ({}): {}", stream, index, event.type, why)};
}

Result<std::size_t> count_events(std::span<const StreamAppend> streams) {
  if (streams.empty()) return Error{Errc::invalid, "append: no stream given"};
  boost::unordered_flat_set<std::string_view> names;
  std::size_t events = 0;
  for (const StreamAppend& append : streams) {
    if (append.events.empty()) {
      return Error{Errc::invalid, fmt::format("append {}: no events given", append.stream.text())};
    }
    if (streams.size() > 1 && !names.insert(append.stream.text()).second) {
      return Error{Errc::invalid, fmt::format("append {}: stream given twice in one append", append.stream.text())};
    }
    events += append.events.size();
  }
  if (events > batch_events_max) {
    return Error{Errc::invalid, fmt::format("append {}: {} events in one batch, at most {}",
                                            streams.front().stream.text(), events, batch_events_max)};
  }
  return events;
}

}  // namespace

Result<EncodedAppend> EncodedAppend::encode(std::span<const StreamAppend> streams) {
  const auto events = count_events(streams);
  if (!events) return events.error();

  EncodedAppend encoded;
  encoded.events_.reserve(*events);
  encoded.streams_.reserve(streams.size());
  boost::unordered_flat_set<Uuid, std::hash<Uuid>> ids;
  if (*events > 1) ids.reserve(*events);
  for (const StreamAppend& append : streams) {
    const std::string_view name = append.stream.text();
    const std::size_t first = encoded.events_.size();
    for (std::size_t i = 0; i < append.events.size(); ++i) {
      const NewEvent& event = append.events[i];
      if (auto added = encoded.add_event(name, i, event); !added) return std::move(added).error();
      if (*events > 1 && !ids.insert(event.id).second) {
        return refused(name, i, event, fmt::format("id {} occurs twice in the batch", event.id.to_string()));
      }
      if (encoded.size_bytes_ > batch_bytes_max) {
        return refused(name, i, event, fmt::format("the batch is larger than {} bytes here", batch_bytes_max));
      }
    }
    encoded.streams_.push_back({name, append.expected, std::span{encoded.events_}.subspan(first)});
  }
  return encoded;
}

Result<void> EncodedAppend::add_event(std::string_view stream, std::size_t index, const NewEvent& event) {
  if (event.id == Uuid{}) return refused(stream, index, event, "its id is nil; EventStore::new_event gives one");
  if (auto good = check_name("event type", event.type); !good) {
    return refused(stream, index, event, good.error().message());
  }
  if (event.data.size() > event_data_bytes_max) {
    return refused(stream, index, event,
                   fmt::format("data has {} bytes, at most {}", event.data.size(), event_data_bytes_max));
  }
  if (auto good = encode_metadata(event.metadata, metadata_); !good) {
    return refused(stream, index, event, good.error().message());
  }

  EncodedEvent encoded{.id = event.id, .type = event.type, .schema_version = event.schema_version};
  encoded.frame_begin = frames_.size();
  encode_frame(stream, event, metadata_, frames_);
  encoded.frame_size = frames_.size() - encoded.frame_begin;
  if (event.data.size() > inline_data_bytes_max) encoded.external_data = event.data;
  encoded.tag_keys_begin = tag_keys_.size();
  for (const std::string& tag : event.metadata.tags) tag_keys_.push_back(tag_key(tag));
  encoded.tag_keys_end = tag_keys_.size();
  size_bytes_ += encoded.frame_size + encoded.external_data.size();
  events_.push_back(encoded);
  return {};
}

}  // namespace cairn::log
