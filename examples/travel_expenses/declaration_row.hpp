#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/core/uuid.hpp>
#include <cairn/eventstore/new_event.hpp>
#include <cairn/eventstore/stream_id.hpp>

#include "declaration_event.hpp"

namespace travel_expenses {

inline constexpr std::array<std::string_view, 7> row_columns{"timestamp", "case_id", "seq",       "event_id",
                                                             "activity",  "role",    "amount_eur"};

/// One row of the source, checked: what happened, in which declaration, and when.
struct DeclarationRow {
  cairn::StreamId stream;   ///< "declaration-86791" for the source's "declaration86791"
  std::uint64_t place = 0;  ///< in the declaration's life, from 0
  cairn::Uuid event_id;     ///< made from the source's own id, so the same row has the same id for ever
  cairn::Timestamp occurred_at;
  DeclarationEvent event;

  /// Errors: invalid, with what is wrong with the row.
  [[nodiscard]] static cairn::Result<DeclarationRow> from_fields(std::span<const std::string> fields);
  /// The row as an event to append. Errors: those of the codec.
  [[nodiscard]] cairn::Result<cairn::NewEvent> to_new_event() const;
};

}  // namespace travel_expenses
