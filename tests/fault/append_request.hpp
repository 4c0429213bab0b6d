#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::test {

/// One append as a client asks for it, kept so that it can be asked again with the same ids.
struct AppendRequest {
  struct Part {
    StreamId stream;
    ExpectedRevision expected = ExpectedRevision::any();
    std::vector<NewEvent> events;
  };
  std::vector<Part> parts;
  std::optional<AppendCondition> condition{};

  [[nodiscard]] Result<std::vector<Appended>> send(EventStore& store) const;
  [[nodiscard]] std::vector<Uuid> ids() const;
  /// "account-1 (3 events), order-1 (1 events)".
  [[nodiscard]] std::string to_string() const;
};

}  // namespace cairn::test
