#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_query.hpp>
#include <cairn/eventstore/global_position.hpp>

#include "index_plan.hpp"
#include "log_tail.hpp"
#include "name_table.hpp"
#include "open_group.hpp"
#include "pending_index.hpp"
#include "step_buffer.hpp"

namespace cairn::log {

/// Answers, on the writer and at a bounded price, whether an event matches a condition: committed events by the
/// indexes, the open group's own by going through it.
class ConditionCheck {
 public:
  ConditionCheck(SqlReader& reader, const LogSnapshot& snapshot, const PendingIndex& pending, const OpenGroup& group,
                 const NameTable& types, std::size_t events_max) noexcept
      : reader_{reader},
        snapshot_{snapshot},
        pending_{pending},
        group_{group},
        types_{types},
        events_max_{events_max} {}

  /// A position above `after` that matches, or nothing. Events of every stream count, the system's too.
  /// Errors: too_broad (an item with neither types nor tags, or more than the bound would have to be looked at).
  Result<std::optional<GlobalPosition>> first_match(const EventQuery& query, GlobalPosition after);

 private:
  Result<std::optional<GlobalPosition>> match_item(const EventQueryItem& item, std::uint64_t after);
  Result<std::optional<GlobalPosition>> match_types(const EventQueryItem& item, std::uint64_t after);
  Result<std::optional<GlobalPosition>> match_tags(const EventQueryItem& item, std::uint64_t after);
  Result<std::optional<GlobalPosition>> match_group(const EventQueryItem& item, std::uint64_t after);
  /// `position`, or when its event was removed the next one below that was not, or that is in another chunk.
  Result<std::uint64_t> kept_through(std::uint64_t position);
  [[nodiscard]] Error too_many(const std::string& what) const;

  SqlReader& reader_;
  const LogSnapshot& snapshot_;
  const PendingIndex& pending_;
  const OpenGroup& group_;
  const NameTable& types_;
  std::size_t events_max_;
  StepBuffer buffer_;
};

}  // namespace cairn::log
