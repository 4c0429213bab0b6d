#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/append.hpp>

namespace cairn::log {

/// One event of an append, ready but for its place.
struct EncodedEvent {
  Uuid id;
  std::string_view type;
  std::uint32_t schema_version = 1;
  std::size_t frame_begin = 0;
  std::size_t frame_size = 0;
  BytesView external_data{};  ///< empty unless the payload goes to a row of its own
  std::size_t tag_keys_begin = 0;
  std::size_t tag_keys_end = 0;
};

struct EncodedStream {
  std::string_view name;
  ExpectedRevision expected = ExpectedRevision::any();
  std::span<const EncodedEvent> events;
};

/// An append, checked and encoded on the caller's thread, so that the writer only copies it and fills in places.
/// Points into the events it was made from.
class EncodedAppend {
 public:
  /// Errors: invalid, naming stream, event and what is wrong.
  [[nodiscard]] static Result<EncodedAppend> encode(std::span<const StreamAppend> streams);

  [[nodiscard]] std::span<const EncodedStream> streams() const noexcept { return streams_; }
  [[nodiscard]] BytesView frame(const EncodedEvent& event) const noexcept {
    return BytesView{frames_}.subspan(event.frame_begin, event.frame_size);
  }
  [[nodiscard]] std::span<const std::uint64_t> tag_keys(const EncodedEvent& event) const noexcept {
    return std::span{tag_keys_}.subspan(event.tag_keys_begin, event.tag_keys_end - event.tag_keys_begin);
  }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }
  /// When another store took these events; nothing for events that are new.
  void set_recorded_at(Timestamp recorded_at) noexcept { recorded_at_ = recorded_at; }
  [[nodiscard]] const std::optional<Timestamp>& recorded_at() const noexcept { return recorded_at_; }

 private:
  Result<void> add_event(std::string_view stream, std::size_t index, const NewEvent& event);

  Bytes frames_;
  Bytes metadata_;
  std::vector<EncodedEvent> events_;
  std::vector<EncodedStream> streams_;
  std::vector<std::uint64_t> tag_keys_;
  std::size_t size_bytes_ = 0;
  std::optional<Timestamp> recorded_at_;
};

}  // namespace cairn::log
