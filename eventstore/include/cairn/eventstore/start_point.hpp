#pragma once

#include <cstdint>

#include <cairn/eventstore/global_position.hpp>
#include <cairn/eventstore/revision.hpp>

namespace cairn {

/// Where a subscription begins, in the log (StartPosition) or in a stream (StartRevision).
template <class Place>
class StartPoint {
 public:
  enum class Kind : std::uint8_t { beginning, end, after };

  /// The first event there is.
  [[nodiscard]] static constexpr StartPoint beginning() noexcept { return StartPoint{Kind::beginning, {}}; }
  /// What is appended after the call of subscribe().
  [[nodiscard]] static constexpr StartPoint end() noexcept { return StartPoint{Kind::end, {}}; }
  /// The event after `place`: what was handled last, a checkpoint. It may lie in the future; what comes up to and
  /// including `place` is then left out.
  [[nodiscard]] static constexpr StartPoint after(Place place) noexcept { return StartPoint{Kind::after, place}; }

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  /// Of after().
  [[nodiscard]] constexpr Place place() const noexcept { return place_; }

  friend bool operator==(const StartPoint&, const StartPoint&) = default;

 private:
  constexpr StartPoint(Kind kind, Place place) noexcept : kind_{kind}, place_{place} {}

  Kind kind_;
  Place place_;
};

using StartPosition = StartPoint<GlobalPosition>;
using StartRevision = StartPoint<Revision>;

}  // namespace cairn
