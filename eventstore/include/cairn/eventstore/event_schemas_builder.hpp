#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <cairn/core/codec.hpp>
#include <cairn/core/event_traits.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_schemas.hpp>

namespace cairn {

namespace detail {

template <EventType T>
[[nodiscard]] SchemaVersion schema_of() {
  return {std::string{EventTraits<T>::type}, EventTraits<T>::schema_version};
}

/// What an upcaster's function may return: one event, or none or several in an optional, vector or variant, each
/// plainly or as a Result. Says which shapes that can be, and encodes what it was.
template <class R>
struct UpcastResult {
  static_assert(Encodable<R>,
                "an upcaster returns an event type with a Codec, an optional, vector or variant of such, "
                "or a Result of these");
  static void targets(std::vector<SchemaVersion>& out) { out.push_back(schema_of<R>()); }
  static Result<void> emit(const R& event, std::vector<UpcastEvent>& out) {
    auto data = Codec<R>::encode(event);
    if (!data) return std::move(data).error();
    out.push_back({schema_of<R>(), Codec<R>::content_type, *std::move(data)});
    return {};
  }
};
template <class T>
struct UpcastResult<std::optional<T>> {
  static void targets(std::vector<SchemaVersion>& out) { UpcastResult<T>::targets(out); }
  static Result<void> emit(const std::optional<T>& event, std::vector<UpcastEvent>& out) {
    return event ? UpcastResult<T>::emit(*event, out) : Result<void>{};
  }
};
template <class... Ts>
struct UpcastResult<std::variant<Ts...>> {
  static void targets(std::vector<SchemaVersion>& out) { (UpcastResult<Ts>::targets(out), ...); }
  static Result<void> emit(const std::variant<Ts...>& event, std::vector<UpcastEvent>& out) {
    return std::visit([&out]<class T>(const T& one) { return UpcastResult<T>::emit(one, out); }, event);
  }
};
template <class T>
struct UpcastResult<std::vector<T>> {
  static void targets(std::vector<SchemaVersion>& out) { UpcastResult<T>::targets(out); }
  static Result<void> emit(const std::vector<T>& events, std::vector<UpcastEvent>& out) {
    for (const T& event : events) {
      if (auto done = UpcastResult<T>::emit(event, out); !done) return done;
    }
    return {};
  }
};
template <class T>
struct UpcastResult<Result<T>> {
  static void targets(std::vector<SchemaVersion>& out) { UpcastResult<T>::targets(out); }
  static Result<void> emit(const Result<T>& events, std::vector<UpcastEvent>& out) {
    return events ? UpcastResult<T>::emit(*events, out) : Result<void>{events.error()};
  }
};

}  // namespace detail

/// Says what a program reads:
///
///     struct DepositedV1 { static constexpr auto type = "account.deposited"; ... };
///     struct Deposited { static constexpr auto type = "account.deposited";
///                        static constexpr std::uint32_t schema_version = 2; ... };
///
///     const auto schemas = EventSchemasBuilder{}
///                              .add<Deposited, Withdrawn>()
///                              .upcast<DepositedV1>([](const DepositedV1& old) { return Deposited{old.cents}; })
///                              .retire("account.noted", 1)
///                              .build()
///                              .value();
///
/// Upcasters chain: version 1 to 2 and 2 to 3 make version 1 readable. Each is a pure function of the event.
class EventSchemasBuilder final {
 public:
  /// Shapes that are read as they are.
  template <EventType... Ts>
  EventSchemasBuilder& add() {
    (add_current(detail::schema_of<Ts>()), ...);
    return *this;
  }
  /// An older shape, read as what `f(const From&)` makes of it: an event, or none or several of them as std::optional,
  /// std::vector, std::variant or a vector of variants, each also as a Result.
  template <Encodable From, class F>
  EventSchemasBuilder& upcast(F f) {
    using Made = detail::UpcastResult<std::remove_cvref_t<std::invoke_result_t<F&, const From&>>>;
    std::vector<SchemaVersion> targets;
    Made::targets(targets);
    return upcast(detail::schema_of<From>(), std::move(targets),
                  [f = std::move(f)](const RecordedEvent& stored, std::vector<UpcastEvent>& out) -> Result<void> {
                    auto event = decode<From>(stored);
                    if (!event) return std::move(event).error();
                    return Made::emit(f(*event), out);
                  });
  }
  /// The same on bytes. `targets` are all shapes that `f` can give.
  EventSchemasBuilder& upcast(SchemaVersion from, std::vector<SchemaVersion> targets, EventSchemas::Upcaster f);
  /// A shape that is read as nothing.
  EventSchemasBuilder& retire(std::string type, std::uint32_t version);

  /// Errors: invalid, listing what is wrong: a shape registered twice, a shape that is turned into one nobody reads, a
  /// shape that is turned into itself in the end, an empty type name, version 0.
  [[nodiscard]] Result<EventSchemas> build() const;

 private:
  struct Step {
    SchemaEntry entry;
    EventSchemas::Upcaster upcaster;
  };
  void add_current(SchemaVersion schema);

  std::vector<Step> steps_;
};

}  // namespace cairn
