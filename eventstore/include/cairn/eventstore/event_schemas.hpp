#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/content_type.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/recorded_event.hpp>

namespace cairn {

/// A stored shape of an event: its type name and the version of its schema.
struct SchemaVersion {
  std::string type;
  std::uint32_t version = 1;
  friend auto operator<=>(const SchemaVersion&, const SchemaVersion&) = default;
  [[nodiscard]] std::string to_string() const;  ///< "account.deposited version 1"
};

/// What one stored event becomes in the course of upcasting.
struct UpcastEvent {
  SchemaVersion schema;
  ContentType content_type = ContentType::json;
  Bytes data;
};

/// How a stored shape is read.
struct SchemaEntry {
  enum class Kind : std::uint8_t {
    current,  ///< as it is
    upcast,   ///< turned into `targets` first
    retired,  ///< as nothing
  };
  SchemaVersion schema;
  Kind kind = Kind::current;
  std::vector<SchemaVersion> targets;
  friend bool operator==(const SchemaEntry&, const SchemaEntry&) = default;
};
[[nodiscard]] std::string_view to_string(SchemaEntry::Kind kind) noexcept;

/// A shape that stands in a log.
struct StoredSchema {
  SchemaVersion schema;
  GlobalPosition first_position;
  bool has_path = false;  ///< the store's schemas say how to read it
  friend bool operator==(const StoredSchema&, const StoredSchema&) = default;
};

/// What this program reads, and how older events become that: the steps from stored shapes to the current ones. Made by
/// an EventSchemasBuilder, which leaves no step without an end. An event whose shape is not in here is read as it is.
/// A value; copies share. Thread-safe.
class EventSchemas final {
 public:
  using Upcaster = std::function<Result<void>(const RecordedEvent& stored, std::vector<UpcastEvent>& out)>;

  /// Calls `f(const RecordedEvent&)` for what `stored` is today: itself when there is no upcaster for it, else none,
  /// one or several events with its place, id and metadata, and a type, version and data of their own; views until f
  /// returns. `f` returns void, or Result<void> to stop with an error. Errors: handler_failed (an upcaster threw), what
  /// an upcaster returned, invalid (it gave a shape it had not announced), each naming shape and position; and those of
  /// `f`.
  template <class F>
  Result<void> upcast(const RecordedEvent& stored, F&& f) const {
    if (!upcasts(stored)) return call(f, stored);
    auto today = apply(stored);
    if (!today) return std::move(today).error();
    for (const UpcastEvent& event : *today) {
      RecordedEvent view = stored;
      view.type = event.schema.type;
      view.schema_version = event.schema.version;
      view.content_type = event.content_type;
      view.data = event.data;
      if (auto done = call(f, view); !done) return done;
    }
    return {};
  }

  /// Everything registered, by type and version; for tools and tests.
  [[nodiscard]] std::vector<SchemaEntry> list() const;
  /// True when events of this shape can be read: it is current, retired, or upcast.
  [[nodiscard]] bool has_path(std::string_view type, std::uint32_t version) const;
  [[nodiscard]] bool empty() const noexcept { return rules_ == nullptr; }

 private:
  friend class EventSchemasBuilder;
  struct Rules;

  template <class F>
  static Result<void> call(F& f, const RecordedEvent& event) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const RecordedEvent&>>) {
      f(event);
      return {};
    } else {
      return f(event);
    }
  }
  [[nodiscard]] bool upcasts(const RecordedEvent& stored) const;
  [[nodiscard]] Result<std::vector<UpcastEvent>> apply(const RecordedEvent& stored) const;

  std::shared_ptr<const Rules> rules_;
};

}  // namespace cairn
