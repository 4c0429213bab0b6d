#pragma once

#include <string>
#include <string_view>

#include <cairn/core/result.hpp>
#include <cairn/dlq/dead_letter.hpp>
#include <cairn/dlq/letter_filter.hpp>

namespace cairn::letters {

/// As stored beside a payload: an object with what is set. docs/dead_letters.md.
[[nodiscard]] std::string to_json(const Metadata& metadata);
/// Errors: invalid (says what is wrong).
[[nodiscard]] Result<Metadata> metadata_from(std::string_view json);

/// As stored with a redrive.
[[nodiscard]] std::string to_json(const LetterFilter& filter);
[[nodiscard]] Result<LetterFilter> filter_from(std::string_view text);

/// One line of an export, without the line feed.
[[nodiscard]] std::string to_json(const DeadLetter& letter);
/// Errors: invalid (names the field).
[[nodiscard]] Result<DeadLetter> letter_from(std::string_view line);

}  // namespace cairn::letters
