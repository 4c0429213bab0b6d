#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <cairn/core/call_user.hpp>
#include <cairn/core/codec.hpp>
#include <cairn/core/error.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/cqrs/command_options.hpp>
#include <cairn/cqrs/command_outcomes.hpp>
#include <cairn/eventstore/append.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/new_event.hpp>

namespace cairn::detail {

template <class T>
concept TagsItself = requires(const T& event) {
  { event.tags() } -> std::convertible_to<std::vector<std::string>>;
};

/// The id of a command's `number`-th event for `target`: the same for every repeat.
[[nodiscard]] Uuid derived_event_id(const Uuid& command_id, std::string_view target, std::uint64_t number);
/// The refusal as an error: "handle account-42: account.insufficient_funds", with the rejection.
[[nodiscard]] Error rejected(std::string_view target, const Rejection& rejection, bool repeated);
/// `error` of the user's code, with where it happened before its words.
[[nodiscard]] Error failed(std::string_view target, const Error& error);
/// A command id, but no CommandOutcomes to record it.
[[nodiscard]] Error nowhere_to_record(std::string_view target);

/// conflict: the stream is not where the decision was made any more.
[[nodiscard]] Error moved_on(const StreamId& stream, std::optional<Revision> decided_on,
                             std::optional<Revision> actual);
/// Where the events of an append landed, as what became of its command.
[[nodiscard]] Handled handled_at(const Appended& appended, std::uint64_t events);
void log_completion_failed(Logger& logger, const Error& error) noexcept;
void log_snapshot_failed(Logger& logger, const StreamId& stream, const Error& error) noexcept;

/// By what commands of one id are told apart: the target, the name of a command that has one, and its bytes if there is
/// a Codec.
template <class Command>
[[nodiscard]] Result<Uuid> fingerprint(std::string_view target, const Command& command) {
  if constexpr (Encodable<Command>) {
    auto data = Codec<Command>::encode(command);
    if (!data) return std::move(data).error();
    return CommandOutcomes::fingerprint(target, EventTraits<Command>::type, *data);
  } else if constexpr (EventType<Command>) {
    return CommandOutcomes::fingerprint(target, EventTraits<Command>::type, {});
  } else {
    return CommandOutcomes::fingerprint(target, {}, {});
  }
}

/// An event as it will be stored, with its own tags, but without an id. Errors: those of the codec, handler_failed
/// (tags() threw).
template <Encodable T>
[[nodiscard]] Result<NewEvent> encode_without_id(const T& event) {
  auto data = Codec<T>::encode(event);
  if (!data) return std::move(data).error();
  NewEvent made{.type = std::string{EventTraits<T>::type},
                .schema_version = EventTraits<T>::schema_version,
                .content_type = Codec<T>::content_type,
                .data = *std::move(data)};
  if constexpr (TagsItself<T>) {
    auto tags = call_user("tags", [&event] { return std::vector<std::string>{event.tags()}; });
    if (!tags) return std::move(tags).error();
    made.metadata.tags = *std::move(tags);
  }
  return made;
}
template <class... Events>
[[nodiscard]] Result<NewEvent> encode_without_id(const std::variant<Events...>& event) {
  return std::visit([](const auto& one) { return encode_without_id(one); }, event);
}

/// Makes it the `number`-th event of its command for `target`: id, and what the options say.
void complete(NewEvent& event, const EventStore& store, const CommandOptions& options, std::string_view target,
              std::uint64_t number);

}  // namespace cairn::detail
