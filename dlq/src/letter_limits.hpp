#pragma once

#include <string_view>

#include <cairn/core/result.hpp>
#include <cairn/dlq/dead_letter.hpp>

namespace cairn::letters {

/// Errors: invalid, naming the field and its limit.
[[nodiscard]] Result<void> check(const NewDeadLetter& letter);
[[nodiscard]] Result<void> check_queue(std::string_view queue);
/// `what` says whose: "drop dead letter 7".
[[nodiscard]] Result<void> check_author(std::string_view what, std::string_view author);
[[nodiscard]] Result<void> check_note(std::string_view what, std::string_view text);
[[nodiscard]] Result<void> check_payload(std::string_view what, BytesView payload);

}  // namespace cairn::letters
