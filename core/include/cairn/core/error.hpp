#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

class Rejection;

/// What a caller can do about a failure. A code exists only where some caller would act differently on it:
///
/// | code | reaction |
/// | --- | --- |
/// | conflict | reload, decide again, append (bounded) |
/// | already_exists | the fact is there: read it |
/// | unavailable, timeout | known not done; the same call again after back-off |
/// | outcome_unknown | the same call with the same event ids, or resolve(ids); never fresh ids |
/// | fenced | recover() first |
/// | storage_full | reads go on; again after room was made |
/// | busy_owner | another process owns the store; number "pid" |
/// | rejected | the domain said no; tell the user, never retry |
/// | invalid, too_broad, not_found, stream_deleted | the caller's data; give up |
/// | unknown_schema | park at once; needs an upcaster |
/// | handler_failed | bounded retry, then dead letter |
/// | corrupt | dead letter at once; stored bytes are not what was written |
/// | cancelled | stop quietly |
enum class Errc : std::uint8_t {
  conflict,
  already_exists,
  unavailable,
  timeout,
  outcome_unknown,
  fenced,
  storage_full,
  busy_owner,
  rejected,
  invalid,
  too_broad,
  not_found,
  stream_deleted,
  unknown_schema,
  handler_failed,
  corrupt,
  cancelled,
};

/// The enumerator's name, for example "outcome_unknown".
[[nodiscard]] std::string_view to_string(Errc code) noexcept;
/// The code of that name; nothing when there is none.
[[nodiscard]] std::optional<Errc> errc_from(std::string_view name) noexcept;

/// A failure as a value: a code to react to, a message for people and named numbers for programs.
/// The message says what was attempted, on what, and the numbers; it holds no payload and no secret.
class [[nodiscard]] Error {
 public:
  Error(Errc code, std::string message) : code_{code}, message_{std::move(message)} {}

  /// Attaches a number a caller can act on: `Error{Errc::conflict, text}.with("actual_revision", 7)`.
  Error with(std::string_view name, std::uint64_t value) &&;
  /// Attaches what the domain said; for Errc::rejected.
  Error with(Rejection rejection) &&;

  [[nodiscard]] Errc code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  /// The number attached under `name`, if there is one.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const noexcept;
  /// Why the domain said no, with code and details; nullptr unless this is its refusal. Lives as long as this error.
  [[nodiscard]] const Rejection* rejection() const noexcept { return rejection_.get(); }
  /// "conflict: append account-42: expected revision 6, actual 7".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Error& left, const Error& right);

 private:
  Errc code_;
  std::string message_;
  std::vector<std::pair<std::string, std::uint64_t>> numbers_;
  std::shared_ptr<const Rejection> rejection_;
};

}  // namespace cairn
