#include <cairn/cqrs/decided_events.hpp>

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace cairn::detail {

void complete(NewEvent& event, const EventStore& store, const CommandOptions& options, std::string_view target,
              std::uint64_t number) {
  Metadata metadata = options.metadata;
  metadata.tags.insert(metadata.tags.end(), std::make_move_iterator(event.metadata.tags.begin()),
                       std::make_move_iterator(event.metadata.tags.end()));
  if (options.command_id) {
    if (!metadata.correlation_id) metadata.correlation_id = options.command_id;
    if (!metadata.causation_id) metadata.causation_id = options.command_id;
  }
  event.metadata = std::move(metadata);
  event.id = options.command_id ? derived_event_id(*options.command_id, target, number) : store.new_event({}, {}).id;
}

Uuid derived_event_id(const Uuid& command_id, std::string_view target, std::uint64_t number) {
  return Uuid::from_name(command_id, fmt::format("{}\n{}", target, number));
}

Error rejected(std::string_view target, const Rejection& rejection, bool repeated) {
  Error error = Error{Errc::rejected, fmt::format("handle {}: {}", target, rejection.code())}.with(rejection);
  return repeated ? std::move(error).with("repeated", 1) : error;
}

Error failed(std::string_view target, const Error& error) {
  return Error{error.code(), fmt::format("handle {}: {}", target, error.message())};
}

Error nowhere_to_record(std::string_view target) {
  return Error{Errc::invalid,
               fmt::format("handle {}: a command id needs CommandHandlerParts::outcomes to be recorded in", target)};
}

Error moved_on(const StreamId& stream, std::optional<Revision> decided_on, std::optional<Revision> actual) {
  const auto name = [](std::optional<Revision> revision) {
    return revision ? fmt::format("revision {}", revision->value) : std::string{"no stream"};
  };
  Error error{Errc::conflict,
              fmt::format("handle {}: decided on {}, actual {}", stream.text(), name(decided_on), name(actual))};
  return actual ? std::move(error).with("actual_revision", actual->value) : error;
}

Handled handled_at(const Appended& appended, std::uint64_t events) {
  return {.revision = appended.last_revision,
          .position = appended.last_position,
          .events = events,
          .repeated = appended.repeated};
}

void log_completion_failed(Logger& logger, const Error& error) noexcept {
  logger.error("cqrs.completion_threw", {{"what", error.message()}});
}

void log_snapshot_failed(Logger& logger, const StreamId& stream, const Error& error) noexcept {
  logger.warning("cqrs.snapshot_failed", {{"stream", stream.text()}, {"error", error.message()}});
}

}  // namespace cairn::detail
