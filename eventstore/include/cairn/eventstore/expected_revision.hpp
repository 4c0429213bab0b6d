#pragma once

#include <cstdint>
#include <string>

#include <cairn/eventstore/revision.hpp>

namespace cairn {

/// What the caller believes about a stream when it appends; the append is refused with `conflict` when the
/// belief is wrong. Decisions use no_stream() or exactly(); any() is for facts that need no decision.
class ExpectedRevision {
 public:
  enum class Kind : std::uint8_t { any, no_stream, stream_exists, exactly };

  [[nodiscard]] static constexpr ExpectedRevision any() noexcept { return {Kind::any, {}}; }
  [[nodiscard]] static constexpr ExpectedRevision no_stream() noexcept { return {Kind::no_stream, {}}; }
  [[nodiscard]] static constexpr ExpectedRevision stream_exists() noexcept { return {Kind::stream_exists, {}}; }
  /// The stream's last event has this revision.
  [[nodiscard]] static constexpr ExpectedRevision exactly(Revision revision) noexcept {
    return {Kind::exactly, revision};
  }
  [[nodiscard]] static constexpr ExpectedRevision exactly(std::uint64_t revision) noexcept {
    return exactly(Revision{revision});
  }

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  /// Meaningful for Kind::exactly only.
  [[nodiscard]] constexpr Revision revision() const noexcept { return revision_; }
  /// "no stream", "revision 6", ...
  [[nodiscard]] std::string to_string() const;

  friend constexpr bool operator==(ExpectedRevision, ExpectedRevision) = default;

 private:
  constexpr ExpectedRevision(Kind kind, Revision revision) noexcept : kind_{kind}, revision_{revision} {}
  Kind kind_;
  Revision revision_;
};

}  // namespace cairn
